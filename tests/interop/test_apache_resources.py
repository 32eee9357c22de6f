"""Apache's mod_auth_openidc as a resource server, configured as its manual says: it asks us, or checks JWTs itself.

It wants https for both.
"""

import pytest
import requests
from twisted.internet.threads import deferToThread

from iam.records.actor import SERVER
from tests.harness import App, Server
from tests.interop.apache import PAGE, Apache, seen

TIMEOUT = 30
API = "https://api.example"
BY_INTROSPECTION = """
OIDCOAuthIntrospectionEndpoint {encrypted}/introspect
OIDCOAuthIntrospectionEndpointAuth client_secret_basic
OIDCOAuthClientID {app.client_id}
OIDCOAuthClientSecret {app.secret}
OIDCOAuthTokenExpiryClaim exp absolute mandatory
OIDCOAuthTokenIntrospectionInterval -1
"""
BY_KEYS = """
OIDCOAuthVerifyJwksUri {encrypted}/jwks
"""
PROTECTED = """
OIDCOAuthRemoteUserClaim sub
OIDCOAuthSSLValidateServer Off
<Location /protected/>
    AuthType oauth20
    Require claim scope:read
</Location>
"""


def asked(site: Apache, token: str) -> requests.Response:
    return requests.get(site.url + PAGE, headers={"Authorization": f"Bearer {token}"}, timeout=TIMEOUT)


async def token_of_a_person(server: Server, app: App, **asked_for: str) -> tuple[str, str]:
    person = await server.person()
    return (await server.tokens(app, person, **asked_for))["access_token"], str(person.user_id)


async def test_apache_lets_in_whom_introspection_describes(server: Server, site: Apache, encrypted: str) -> None:
    app, api = await server.app(), await server.app(introspect_any=True)
    token, sub = await token_of_a_person(server, app, scope="read")

    with site.running(BY_INTROSPECTION.format(encrypted=encrypted, app=api) + PROTECTED):
        answer = await deferToThread(asked, site, token)

    assert (answer.status_code, seen(answer.text)["REMOTE_USER"]) == (200, sub)
    assert seen(answer.text)["OIDC_CLAIM_client_id"] == app.client_id


async def test_apache_keeps_out_a_token_that_was_revoked(server: Server, site: Apache, encrypted: str) -> None:
    app, api = await server.app(), await server.app(introspect_any=True)
    token, _ = await token_of_a_person(server, app, scope="read")

    with site.running(BY_INTROSPECTION.format(encrypted=encrypted, app=api) + PROTECTED):
        before = await deferToThread(asked, site, token)
        await server.post("/revoke", {**app.form, "token": token})
        after = await deferToThread(asked, site, token)

    assert (before.status_code, after.status_code) == (200, 401)
    assert 'error="invalid_token"' in after.headers["WWW-Authenticate"]


@pytest.mark.parametrize("alg", ["RS256", "ES256"])
async def test_apache_checks_our_jwt_with_our_keys(server: Server, site: Apache, encrypted: str, alg: str) -> None:
    """RFC 9068 §4; the resource asks for JWTs."""
    app = await server.app()
    await server.store.resources.create(
        API, scopes=(), token_format="jwt", lifetime=60, client_id=None, now=server.now(), signing_alg=alg, by=SERVER
    )
    token, sub = await token_of_a_person(server, app, scope="read", resource=API)

    with site.running(BY_KEYS.format(encrypted=encrypted) + PROTECTED):
        answer = await deferToThread(asked, site, token)

    assert (answer.status_code, seen(answer.text)["REMOTE_USER"]) == (200, sub)
    assert seen(answer.text)["OIDC_CLAIM_aud"] == API


async def test_apache_keeps_out_a_jwt_without_the_scope(server: Server, site: Apache, encrypted: str) -> None:
    app = await server.app()
    await server.store.resources.create(
        API, scopes=(), token_format="jwt", lifetime=60, client_id=None, now=server.now(), by=SERVER
    )
    token, _ = await token_of_a_person(server, app, scope="write", resource=API)

    with site.running(BY_KEYS.format(encrypted=encrypted) + PROTECTED):
        answer = await deferToThread(asked, site, token)

    assert answer.status_code in (401, 403)
