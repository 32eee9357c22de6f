"""The order in which oauthlib asks the validator: ours relies on it, so another oauthlib must not change it unseen."""

from typing import Any
from urllib.parse import urlencode

from oauthlib.oauth2 import RequestValidator

from iam.clients.authentication import read_claim
from iam.http.parameters import ParsedParameters, parse
from iam.protocol import bridge
from iam.protocol.endpoints import Endpoints
from iam.protocol.request import AUTHORIZATION, TOKEN, make_request
from iam.protocol.validator import Validator
from tests.harness import CHALLENGE, REDIRECT_URI, VERIFIER, Server

PUBLIC = {name for name in dir(RequestValidator) if not name.startswith("_")}


class Recording(Validator):
    """The validator, keeping the names of the hooks that oauthlib calls."""

    asked: list[str]

    def __getattribute__(self, name: str) -> Any:
        if name in PUBLIC:
            super().__getattribute__("asked").append(name)
        return super().__getattribute__(name)


def recording(server: Server) -> tuple[Recording, Endpoints]:
    original = server.protocol._endpoints.default_response_type_handler
    validator = Recording.__new__(Recording)
    validator.__dict__.update(original.request_validator.__dict__)
    validator.asked = []
    return validator, Endpoints(server.protocol.grants, validator)


def parsed(parameters: dict[str, str]) -> ParsedParameters:
    return parse(urlencode(parameters).encode())


async def test_the_order_at_the_authorization_endpoint(server: Server) -> None:
    app = await server.app()
    validator, endpoints = recording(server)
    parameters = {
        "client_id": app.client_id,
        "redirect_uri": REDIRECT_URI,
        "response_type": "code",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }

    await bridge.call(endpoints.validate, make_request(parsed(parameters), AUTHORIZATION))

    assert validator.asked == [
        "validate_client_id",
        "validate_redirect_uri",
        "validate_response_type",
        "is_pkce_required",
        "get_default_scopes",
        "validate_scopes",
    ]


async def asked_for_a_token(server: Server, app: Any, **parameters: str) -> list[str]:
    validator, endpoints = recording(server)
    form = parsed({**app.form, **parameters})
    request = make_request(form, (*TOKEN, *parameters))
    request.claim = read_claim(form, None)
    await bridge.call(endpoints.token, request)
    return validator.asked


async def test_the_order_for_a_code(server: Server) -> None:
    app, person = await server.app(), await server.person()
    code = await server.code(app, person)

    asked = await asked_for_a_token(
        server, app, grant_type="authorization_code", code=code, code_verifier=VERIFIER, redirect_uri=REDIRECT_URI
    )

    assert asked == [
        "client_authentication_required",
        "authenticate_client",
        "validate_grant_type",
        "validate_code",
        "get_code_challenge",
        "is_pkce_required",
        "confirm_redirect_uri",
    ]


async def test_the_order_for_client_credentials(server: Server) -> None:
    asked = await asked_for_a_token(server, await server.app(), grant_type="client_credentials")

    assert asked == [
        "authenticate_client",
        "validate_grant_type",
        "get_default_scopes",
        "validate_scopes",
    ]


async def test_the_order_for_a_refresh_token(server: Server) -> None:
    app, person = await server.app(), await server.person()
    given = await server.tokens(app, person)

    asked = await asked_for_a_token(server, app, grant_type="refresh_token", refresh_token=given["refresh_token"])

    assert asked == [
        "client_authentication_required",
        "authenticate_client",
        "validate_grant_type",
        "validate_refresh_token",
        "get_original_scopes",
    ]
