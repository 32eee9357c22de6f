"""Apache's mod_auth_openidc registers itself, and begins logins at another's wish: it lets people choose among providers."""

import json
from collections.abc import Iterator
from urllib.parse import quote, urlsplit

import pytest
import requests
from twisted.internet.threads import deferToThread

from tests.authority import Authority
from tests.harness import Server, action, fields
from tests.interop import apache
from tests.interop.apache import PAGE, Apache, seen
from tests.interop.browser import visit
from tests.registering import initial_access_token

TIMEOUT = 30
DIRECTIVES = """
OIDCMetadataDir "{root}/metadata"
OIDCRedirectURI {site.redirect_uri}
OIDCCryptoPassphrase "a passphrase for tests"
OIDCScope "openid profile"
OIDCRemoteUserClaim sub
OIDCClientName "A site"
OIDCPKCEMethod S256
<Location /protected/>
    AuthType openid-connect
    Require valid-user
</Location>
"""


@pytest.fixture
def site() -> Iterator[Apache]:
    """An Apache that speaks TLS: a client that registers itself begins no logins without."""
    with apache.somewhere(Authority()) as place:
        yield place


async def test_a_site_registers_itself_where_somebody_logs_in_first(server: Server, site: Apache) -> None:
    person, token = await server.person(name="Ada Lovelace"), await initial_access_token(server)
    known = quote(urlsplit(server.settings.issuer).netloc, safe="")
    metadata = site.root / "metadata"
    metadata.mkdir()
    code_flow = {"response_types": ["code"], "grant_types": ["authorization_code", "refresh_token"]}
    told = {"registration_token": token, "registration_endpoint_json": json.dumps(code_flow)}
    (metadata / f"{known}.conf").write_text(json.dumps(told))

    def journey() -> requests.Response:
        with requests.Session() as browser:
            browser.trust_env, browser.verify = False, site.trusted
            asked = browser.get(site.url + PAGE, timeout=TIMEOUT).text
            wanted = {**fields(asked), "iss": server.settings.issuer}
            sent = browser.get(action(asked), params=wanted, allow_redirects=False, timeout=TIMEOUT)
            assert "Location" in sent.headers, sent.text
            back = visit(server, person, sent.headers["Location"])
            return browser.get(back, timeout=TIMEOUT)

    with site.running(DIRECTIVES.format(root=site.root, site=site)):
        page = await deferToThread(journey)

    assert seen(page.text)["REMOTE_USER"] == str(person.user_id)
    assert seen(page.text)["OIDC_CLAIM_name"] == "Ada Lovelace"
