"""Java: the OAuth 2.0 SDK with OpenID Connect extensions of Nimbus, used as its documentation says."""

import pytest

from tests.flows.device import tv
from tests.harness import Server
from tests.interop.conftest import Java
from tests.interop.walk import Walk

PROGRAM = "Nimbus"
SCOPE = "openid offline_access read"
SCOPES = tuple(SCOPE.split())
GRANT_TYPES = ("authorization_code", "refresh_token")


@pytest.mark.parametrize(
    ("alg", "auth_method"),
    [
        ("RS256", "client_secret_basic"),
        ("ES256", "client_secret_post"),
        ("PS256", "none"),
    ],
)
async def test_a_person_logs_in_and_the_library_believes_the_id_token(
    server: Server, java: Java, alg: str, auth_method: str
) -> None:
    """OpenID Connect Core §3.1.3.7, with PKCE, UserInfo and a refresh."""
    app = await server.app(
        scopes=SCOPES, auth_method=auth_method, grant_types=GRANT_TYPES, id_token_signed_response_alg=alg
    )
    person = await server.person()

    outcome = await Walk(java, PROGRAM, server, app, person).through(
        "login", scope=SCOPE, auth_method=auth_method, alg=alg
    )

    assert outcome["sub"] == outcome["told"] == outcome["fresh"] == str(person.user_id)
    assert outcome["scope"] == SCOPE
    assert outcome["rotated"]


@pytest.mark.parametrize("auth_method", ["client_secret_jwt", "none"])
async def test_a_client_pushes_its_request_is_answered_in_a_jwt_and_binds_its_tokens(
    server: Server, java: Java, auth_method: str
) -> None:
    """RFC 9126, JARM and RFC 9449, with the nonces of this server."""
    told = {"require_pushed_authorization_requests": True, "dpop_bound_access_tokens": True}
    app = await server.app(scopes=SCOPES, auth_method=auth_method, grant_types=GRANT_TYPES, **told)
    person = await server.person()

    outcome = await Walk(java, PROGRAM, server, app, person).through(
        "login", scope=SCOPE, auth_method=auth_method, alg="RS256", pushed=True, jwt=True, bound=True
    )

    assert outcome["sub"] == outcome["told"] == outcome["fresh"] == str(person.user_id)
    assert outcome["type"] == "DPoP"


@pytest.mark.parametrize("auth_method", ["client_secret_basic", "none"])
async def test_a_device_gets_tokens_and_refreshes_them(server: Server, java: Java, auth_method: str) -> None:
    """RFC 8628."""
    app, person = await tv(server, auth_method), await server.person()

    outcome = await Walk(java, PROGRAM, server, app, person).through(
        "device", scope=SCOPE, auth_method=auth_method, alg="RS256"
    )

    assert outcome["sub"] == outcome["fresh"] == str(person.user_id)
    assert outcome["scope"] == SCOPE
    assert outcome["rotated"]
