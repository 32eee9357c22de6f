"""The OpenAPI document is valid, and tells every answer that the API gives to whatever is sent to it."""

import warnings
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from openapi_spec_validator import validate
from twisted.internet.threads import deferToThread

from iam.administration.actions.table import ACTIONS, FORETELLING
from iam.records.actor import SERVER
from iam.records.role import Role
from iam.records.scope import ADMINISTERED
from iam.server.api_routes import PATH
from iam.store.roles import Holder
from tests.api.conftest import Api, Caller

with warnings.catch_warnings(action="ignore"):
    import schemathesis
    from schemathesis.checks import not_a_server_error
    from schemathesis.specs.openapi.checks import (
        content_type_conformance,
        response_headers_conformance,
        response_schema_conformance,
        status_code_conformance,
    )

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
EXAMPLES = 5


async def document(api: Api) -> Any:
    return (await api.server.get(f"{PATH}/openapi.json")).json


async def test_it_is_valid_and_read_without_a_token(api: Api) -> None:
    validate(await document(api))


async def test_it_tells_every_action_with_its_scope(api: Api) -> None:
    told = await document(api)

    found = {
        (method.upper(), path, operation["security"][0]["token"][0])
        for path, methods in told["paths"].items()
        for method, operation in methods.items()
        if path != "/me"
    }
    assert told["paths"]["/me"]["get"]["security"] == [{"token": []}]
    assert found == {(action.method, action.path, action.scope) for action in (*ACTIONS, *FORETELLING)}
    scopes = {name for flow in flows(told) for name in flow["scopes"]}
    assert {scope for _, _, scope in found} <= scopes


def flows(told: Any) -> Any:
    return told["components"]["securitySchemes"]["token"]["flows"].values()


def test_every_noun_has_its_scopes_and_no_scope_is_without_actions() -> None:
    assert {action.noun for action in ACTIONS} == set(ADMINISTERED)
    assert len({action.name for action in ACTIONS}) == len({(a.method, a.path) for a in ACTIONS}) == len(ACTIONS)


@pytest.mark.parametrize("who", [*Role, "nobody in particular", "without a token"])
async def test_every_answer_is_in_the_document(api: Api, who: str) -> None:
    caller = await caller_of(api, who)
    told = await document(api)

    await deferToThread(try_everything, told, caller)


async def caller_of(api: Api, who: str) -> Caller:
    """Somebody of this role, or of none."""
    if who == "without a token":
        return Caller(api.server, None)
    person = await api.server.person(superuser=who == Role.ADMINISTRATOR)
    if who in tuple(Role):
        holder = Holder(user_id=person.user_id)
        await api.server.store.roles.grant(who, None, holder, api.server.now(), SERVER)
        return await api.logged_in(person)
    tokens = await api.server.tokens(await api.server.app(), person, scope="read")  # nobody gets more without a role
    return Caller(api.server, tokens["access_token"])


def try_everything(told: Any, caller: Caller) -> None:
    """Send what the document allows."""
    headers = {} if caller.token is None else {"Authorization": f"Bearer {caller.token}"}
    with warnings.catch_warnings(action="ignore"):
        schema = schemathesis.openapi.from_dict(told)
        for found in schema.get_all_operations():
            send(found.ok(), told["servers"][0]["url"], headers)


def send(operation: Any, url: str, headers: dict[str, str]) -> None:
    """Send some requests of one action."""

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def some(case: Any) -> None:
        response = case.call(base_url=url, headers=headers)
        case.validate_response(response, checks=CHECKS)

    some()
