"""Go: golang.org/x/oauth2 and github.com/coreos/go-oidc, used as their documentation says."""

import pytest

from tests.flows.device import tv
from tests.harness import Server
from tests.interop.conftest import Go
from tests.interop.walk import Walk

PROGRAM = "iam-interoperability"
SCOPE = "openid offline_access read"
SCOPES = tuple(SCOPE.split())
GRANT_TYPES = ("authorization_code", "refresh_token")


@pytest.mark.parametrize("alg", ["RS256", "ES256", "PS256", "EdDSA"])
async def test_a_person_logs_in_and_the_library_believes_the_id_token(server: Server, go: Go, alg: str) -> None:
    """OpenID Connect Core §3.1.3.7, with PKCE, UserInfo and a refresh."""
    app, person = await server.app(scopes=SCOPES, id_token_signed_response_alg=alg), await server.person()

    outcome = await Walk(go, PROGRAM, server, app, person).through("login", scope=SCOPE)

    assert outcome["sub"] == outcome["told"] == outcome["fresh"] == str(person.user_id)
    assert outcome["scope"] == SCOPE
    assert outcome["rotated"]


@pytest.mark.parametrize("auth_method", ["client_secret_basic", "client_secret_post", "none"])
async def test_the_library_finds_out_how_a_client_authenticates(server: Server, go: Go, auth_method: str) -> None:
    """It tries the header first, and the form after a refusal."""
    app = await server.app(scopes=SCOPES, auth_method=auth_method, grant_types=GRANT_TYPES)

    outcome = await Walk(go, PROGRAM, server, app, await server.person()).through("login", scope=SCOPE)

    assert outcome["rotated"]


@pytest.mark.parametrize("auth_method", ["client_secret_post", "none"])
async def test_a_device_gets_tokens_and_refreshes_them(server: Server, go: Go, auth_method: str) -> None:
    """RFC 8628."""
    app, person = await tv(server, auth_method), await server.person()

    outcome = await Walk(go, PROGRAM, server, app, person).through("device", scope=SCOPE)

    assert outcome["sub"] == outcome["fresh"] == str(person.user_id)
    assert outcome["scope"] == SCOPE
    assert outcome["rotated"]
