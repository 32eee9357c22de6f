"""Front-Channel OP: each test is named after the module whose demands it asserts.

oidcc-frontchannel-rp-initiated-logout-certification-test-plan
"""

import re
from html import unescape
from urllib.parse import parse_qsl, urlsplit

from tests.conformance.browser import Browser
from tests.conformance.registered import registered
from tests.conformance.test_rp_initiated_logout import AFTERWARDS, is_logged_in, logout
from tests.harness import Reply, Server

URI = "https://client.example/frontchannel_logout"


def addresses(pattern: str, reply: Reply) -> list[tuple[str, dict[str, str]]]:
    """The addresses that a page has at this place, and the parameters of each."""
    found = [unescape(address) for address in re.findall(pattern, reply.text)]
    return [(address.partition("?")[0], dict(parse_qsl(urlsplit(address).query))) for address in found]


async def test_oidcc_frontchannel_logout_discovery_endpoint_verification(server: Server) -> None:
    metadata = (await server.get("/.well-known/openid-configuration")).json

    assert metadata["frontchannel_logout_supported"] is True
    assert metadata["frontchannel_logout_session_supported"] is True
    assert metadata["end_session_endpoint"] == server.settings.issuer + "/logout"


async def test_oidcc_frontchannel_rp_initiated_logout(server: Server, browser: Browser) -> None:
    """Front-Channel Logout §3: the client's page is loaded with issuer and session and nothing else; then on with the state."""
    rp, _ = await registered(
        server,
        browser,
        post_logout_redirect_uris=[AFTERWARDS],
        frontchannel_logout_uri=URI,
        frontchannel_logout_session_required=True,
    )
    login = await rp.log_in()

    page = await logout(rp, login)

    told = {"iss": server.settings.issuer, "sid": login.claims["sid"]}
    assert addresses(r'<iframe [^>]*src="([^"]+)"', page) == [(URI, told)]
    onward = addresses(r'<meta http-equiv="refresh" content="\d+; url=([^"]+)"', page)
    assert onward == [(AFTERWARDS, {"state": rp.requested["state"]})]
    assert not await is_logged_in(rp)
