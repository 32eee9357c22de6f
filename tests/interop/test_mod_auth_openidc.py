"""Apache's mod_auth_openidc as a relying party, configured as its manual says."""

import json
import time
from typing import Any

import pytest
import requests
from attrs import define, field
from twisted.internet.threads import deferToThread

from iam.operations.back_channel_logout import BackChannelLogout
from tests.assertions import make, public
from tests.flows.test_back_channel_logout import back_channel, log_out
from tests.harness import App, Person, Server, action, fields, pause
from tests.interop.apache import OPEN, PAGE, Apache, seen
from tests.interop.browser import visit, visited

__all__ = ["back_channel"]

TIMEOUT = 30
SCOPE = "openid profile email offline_access"
RELYING_PARTY = """
OIDCProviderMetadataURL {server}/.well-known/openid-configuration
OIDCClientID {app.client_id}
{secret}
OIDCRedirectURI {site.redirect_uri}
OIDCCryptoPassphrase "a passphrase for tests"
OIDCScope "{scope}"
OIDCPKCEMethod S256
OIDCRemoteUserClaim sub
OIDCInfoHook iat access_token access_token_expires id_token userinfo refresh_token session
{more}
<Location /protected/>
    AuthType openid-connect
    Require valid-user
</Location>
"""
BY_KEY = """
OIDCPublicKeyFiles "{kid}#{root}/public.pem"
OIDCPrivateKeyFiles "{kid}#{root}/key.pem"
OIDCProviderTokenEndpointAuth private_key_jwt
"""


@define
class Visitor:
    """A browser that keeps the cookies of the site, and is logged in at iam."""

    server: Server
    site: Apache
    person: Person
    session: requests.Session = field(factory=requests.Session)

    def open(self, address: str) -> requests.Response:
        return self.session.get(address, allow_redirects=False, timeout=TIMEOUT)

    def told(self) -> Any:
        """What the site keeps of its session (OIDCInfoHook)."""
        return self.open(self.site.redirect_uri + "?info=json").json()

    def log_in(self) -> requests.Response:
        """The protected page, by way of iam."""
        sent = self.open(self.site.url + PAGE)
        assert sent.status_code == 302, sent.text
        back = self.open(visit(self.server, self.person, sent.headers["Location"]))
        assert back.status_code == 302, back.text
        return self.open(back.headers["Location"])


async def registered(server: Server, site: Apache, **metadata: Any) -> App:
    return await server.app(scopes=tuple(SCOPE.split()), redirect_uris=(site.redirect_uri,), **metadata)


def relying_party(server: Server, site: Apache, app: App, more: str = "") -> str:
    secret = f"OIDCClientSecret {app.secret}" if app.secret else ""
    return RELYING_PARTY.format(server=server.url, site=site, app=app, secret=secret, scope=SCOPE, more=more)


@pytest.mark.parametrize("alg", ["RS256", "ES256", "PS256"])  # it knows no EdDSA
async def test_a_page_knows_who_has_logged_in(server: Server, site: Apache, alg: str) -> None:
    app = await registered(server, site, id_token_signed_response_alg=alg)
    person = await server.person("ada", name="Ada Lovelace", email="ada@example.org")

    with site.running(relying_party(server, site, app, f"OIDCIDTokenSignedResponseAlg {alg}")):
        page = await deferToThread(Visitor(server, site, person).log_in)

    told = seen(page.text)
    assert told["REMOTE_USER"] == told["OIDC_CLAIM_sub"] == str(person.user_id)
    assert (told["OIDC_CLAIM_name"], told["OIDC_CLAIM_email"]) == ("Ada Lovelace", "ada@example.org")


@pytest.mark.parametrize("auth_method", ["client_secret_basic", "client_secret_post"])
async def test_the_site_authenticates_with_its_secret(server: Server, site: Apache, auth_method: str) -> None:
    app, person = await registered(server, site, auth_method=auth_method), await server.person()

    with site.running(relying_party(server, site, app, f"OIDCProviderTokenEndpointAuth {auth_method}")):
        page = await deferToThread(Visitor(server, site, person).log_in)

    assert seen(page.text)["REMOTE_USER"] == str(person.user_id)


async def test_the_site_authenticates_with_its_private_key(server: Server, site: Apache) -> None:
    key = make("RS256")
    app = await registered(server, site, auth_method="private_key_jwt", jwks=public(key))
    person = await server.person()
    (site.root / "key.pem").write_bytes(key.as_pem(private=True))
    (site.root / "public.pem").write_bytes(key.as_pem(private=False))
    directives = BY_KEY.format(kid=key.kid, root=site.root)

    with site.running(relying_party(server, site, app, directives)):
        page = await deferToThread(Visitor(server, site, person).log_in)

    assert seen(page.text)["REMOTE_USER"] == str(person.user_id)


async def test_the_site_refreshes_its_tokens(server: Server, site: Apache) -> None:
    app, person = await registered(server, site), await server.person()
    visitor = Visitor(server, site, person)

    def journey() -> tuple[Any, Any]:
        visitor.log_in()
        before = visitor.told()
        refresh = {"refresh": site.url + PAGE, "access_token": before["access_token"]}
        back = visitor.session.get(site.redirect_uri, params=refresh, timeout=TIMEOUT)
        assert seen(back.text)["REMOTE_USER"] == str(person.user_id)
        return before, visitor.told()

    with site.running(relying_party(server, site, app)):
        before, after = await deferToThread(journey)

    assert after["access_token"] != before["access_token"]
    assert after["refresh_token"] != before["refresh_token"]
    assert after["userinfo"]["sub"] == before["id_token"]["sub"] == str(person.user_id)


async def test_a_person_who_leaves_the_site_is_logged_out_here_too(server: Server, site: Apache) -> None:
    """OpenID Connect RP-Initiated Logout §2."""
    afterwards = site.url + OPEN
    app = await registered(server, site, post_logout_redirect_uris=(afterwards,))
    visitor = Visitor(server, site, await server.person())

    def journey() -> tuple[str, str]:
        visitor.log_in()
        leaving = visitor.session.get(
            site.redirect_uri, params={"logout": afterwards}, allow_redirects=False, timeout=TIMEOUT
        )
        left = visit(server, visitor.person, leaving.headers["Location"])
        return left, visitor.open(site.url + PAGE).headers["Location"]

    with site.running(relying_party(server, site, app)):
        left, again = await deferToThread(journey)
        asked = await server.get(again, headers=visitor.person.headers)

    assert left.partition("?")[0] == afterwards
    assert asked.location.startswith("/login")


async def test_the_site_signs_its_authorization_request(server: Server, site: Apache) -> None:
    """OpenID Connect Core §6.1, with its secret as the key."""
    app, person = await registered(server, site, auth_method="client_secret_jwt"), await server.person()
    pkce = ["code_challenge", "code_challenge_method"]
    copied = ["claims", "nonce", "state", "response_type", "client_id", "redirect_uri", "scope", *pkce]
    more = {"crypto": {"sign_alg": "HS256"}, "request_object_type": "request"}
    directives = f"""
OIDCRequestObject '{json.dumps({"copy_from_request": copied, **more})}'
OIDCProviderTokenEndpointAuth client_secret_jwt
"""

    with site.running(relying_party(server, site, app, directives)):
        page = await deferToThread(Visitor(server, site, person).log_in)

    assert seen(page.text)["REMOTE_USER"] == str(person.user_id)


async def test_the_site_gets_its_code_in_a_form(server: Server, site: Apache) -> None:
    """OAuth 2.0 Form Post Response Mode."""
    app, person = await registered(server, site), await server.person()
    visitor = Visitor(server, site, person)

    def journey() -> requests.Response:
        sent = visitor.open(site.url + PAGE)
        page = visited(server, person, sent.headers["Location"]).text
        assert action(page) == site.redirect_uri
        back = visitor.session.post(action(page), fields(page), allow_redirects=False, timeout=TIMEOUT)
        return visitor.open(back.headers["Location"])

    with site.running(relying_party(server, site, app, "OIDCResponseMode form_post")):
        page = await deferToThread(journey)

    assert seen(page.text)["REMOTE_USER"] == str(person.user_id)


@pytest.mark.parametrize("alg", ["RS256", "ES256"])
async def test_the_site_checks_the_signature_of_userinfo(server: Server, site: Apache, alg: str) -> None:
    """OpenID Connect Core §5.3.2."""
    app = await registered(server, site, userinfo_signed_response_alg=alg)
    person = await server.person(name="Ada Lovelace")

    with site.running(relying_party(server, site, app, f"OIDCUserInfoSignedResponseAlg {alg}")):
        page = await deferToThread(Visitor(server, site, person).log_in)

    assert seen(page.text)["OIDC_CLAIM_name"] == "Ada Lovelace"


async def test_a_person_who_logs_out_here_is_logged_out_of_the_site(
    server: Server, site: Apache, back_channel: BackChannelLogout
) -> None:
    """OpenID Connect Back-Channel Logout §2.5."""
    uri = site.redirect_uri + "?logout=backchannel"
    app, person = await registered(server, site, backchannel_logout_uri=uri), await server.person()
    visitor = Visitor(server, site, person)

    with site.running(relying_party(server, site, app)):
        before = await deferToThread(visitor.log_in)
        await log_out(server, person)
        end = time.monotonic() + TIMEOUT
        while (after := await deferToThread(visitor.open, site.url + PAGE)).status_code == 200:
            assert time.monotonic() < end, "the site has not heard of the logout"
            await pause(0.05)

    assert before.status_code == 200
    assert after.headers["Location"].startswith(server.url + "/authorize")


async def test_the_site_opens_an_id_token_that_is_encrypted_to_it(server: Server, site: Apache) -> None:
    """OpenID Connect Core §10.2."""
    key = make("RS256")
    wanted = {"id_token_encrypted_response_alg": "RSA-OAEP", "id_token_encrypted_response_enc": "A256CBC-HS512"}
    jwks = {"keys": [{**key.as_dict(private=False), "use": "enc"}]}
    app, person = await registered(server, site, jwks=jwks, **wanted), await server.person()
    (site.root / "key.pem").write_bytes(key.as_pem(private=True))
    directives = f"""
OIDCPrivateKeyFiles "{key.kid}#{site.root}/key.pem"
OIDCIDTokenEncryptedResponseAlg RSA-OAEP
OIDCIDTokenEncryptedResponseEnc A256CBC-HS512
"""

    with site.running(relying_party(server, site, app, directives)):
        page = await deferToThread(Visitor(server, site, person).log_in)

    assert seen(page.text)["REMOTE_USER"] == str(person.user_id)
