"""Who may not do something learns nothing by trying: what is there is refused as what is not."""

from typing import Final
from uuid import UUID

import pytest

from iam.administration.actions.action import Action
from iam.administration.actions.models import Model
from iam.administration.actions.reach import within
from iam.administration.actions.table import ACTIONS, FORETELLING
from iam.pages.admin.places import filled, variables
from iam.records.role import Role
from tests.api.conftest import Api, Caller
from tests.pages.administered import world

ABOUT: Final = [action for action in (*ACTIONS, *FORETELLING) if variables(action)]
READERS: Final = {
    noun: {role for each in ACTIONS if each.noun == noun for role in each.roles}
    for noun in {each.noun for each in ABOUT}
}
NEEDED: Final = {"person.set_password": {"password": "seven wet otters sing"}, "group.add": {"person": "alice"}}


def missing(name: str) -> str:
    """The name of something of this kind that is not there."""
    return str(UUID(int=0)) if name not in ("role", "setting") else name


async def answer(call: Caller, action: Action[Model, Model], named: dict[str, str]) -> tuple[int, str]:
    """The status, and the sentence without what was named."""
    body = NEEDED.get(action.name.removesuffix(".losses")) if action.method in ("POST", "PATCH") else None
    reply = await call(action.method, filled(action.path, {name: named[name] for name in variables(action)}), body)
    detail = str(reply.json.get("detail", ""))
    for text in named.values():
        detail = detail.replace(text, "…")
    return reply.status, detail


@pytest.mark.parametrize("role", [None, *(role for role in Role if role is not Role.ADMINISTRATOR)], ids=str)
async def test_what_is_there_is_refused_as_what_is_not(api: Api, role: Role | None) -> None:
    found = await world(api.server)
    person = await api.with_role(role) if role else await api.server.person()
    call = await api.logged_in(person, *within([role] if role else []))
    told = {}

    for action in ABOUT:
        if role in READERS[action.noun] or action.scope not in within([role] if role else []):
            continue  # who may look at all of these may know which there are
        there = {name: found[action.noun].get(name, "x") for name in variables(action)}
        nothing = {name: missing(name) for name in variables(action)}
        told[action.name] = (await answer(call, action, there), await answer(call, action, nothing))

    assert {name: both for name, both in told.items() if both[0] != both[1]} == {}
