"""RP-Initiated OP: each test is named after the module whose demands it asserts.

oidcc-rp-initiated-logout-certification-test-plan
"""

import secrets
import string
from urllib.parse import urlencode, urlsplit

import jwt
import pytest
from pytest_twisted import blockon
from twisted.internet.defer import Deferred

from tests.conformance.browser import Browser, answer, title
from tests.conformance.conftest import party
from tests.conformance.relying_party import Login, RelyingParty
from tests.harness import Reply, Server
from tests.pages.form import Reader

AFTERWARDS = "https://client.example/logged_out"
ASKED, GONE = "Log out", "You are logged out"


@pytest.fixture
def rp(server: Server, browser: Browser) -> RelyingParty:
    """A client that has registered where it wants people back after the logout."""
    return blockon(Deferred.fromCoroutine(party(server, browser, post_logout_redirect_uris=(AFTERWARDS,))))


async def logout(rp: RelyingParty, login: Login, **parameters: str | None) -> Reply:
    """Send the browser to the end session endpoint; None leaves a parameter out."""
    metadata = (await rp.server.get("/.well-known/openid-configuration")).json
    asked = {
        "id_token_hint": login.tokens["id_token"],
        "post_logout_redirect_uri": AFTERWARDS,
        "state": secrets.token_urlsafe(96),
        **parameters,
    }
    rp.requested = {name: value for name, value in asked.items() if value is not None}
    query = "?" + urlencode(rp.requested) if rp.requested else ""
    return await rp.browser.open(urlsplit(metadata["end_session_endpoint"]).path + query)


async def agreed(browser: Browser, reply: Reply) -> Reply:
    """The person is asked, and wants to leave."""
    assert title(reply).startswith(ASKED)
    reader = Reader()
    reader.feed(reply.text)
    return await browser.send(reader.forms[-1], decision="leave")


async def is_logged_in(rp: RelyingParty) -> bool:
    """Does a request without any page (prompt=none) get a code?"""
    told = answer(await rp.ask(prompt="none"))
    assert ("code" in told) != (told.get("error") == "login_required")
    return "code" in told


def stays(reply: Reply) -> bool:
    """Is the person shown a page, and nobody sent to the client?"""
    return not reply.location and (reply.status == 400 or title(reply).startswith(ASKED))


async def test_oidcc_rp_initiated_logout_discovery_endpoint_verification(server: Server) -> None:
    metadata = (await server.get("/.well-known/openid-configuration")).json

    assert metadata["end_session_endpoint"] == server.settings.issuer + "/logout"


async def test_oidcc_rp_initiated_logout(rp: RelyingParty) -> None:
    login = await rp.log_in()

    reply = await logout(rp, login)

    assert reply.location.partition("?")[0] == AFTERWARDS
    assert answer(reply) == {"state": rp.requested["state"]}
    assert not await is_logged_in(rp)


async def test_oidcc_rp_initiated_logout_with_a_state_of_any_characters(rp: RelyingParty) -> None:
    """RFC 6749 §A.5: the suite makes it of all that can be printed, quotes and markup too."""
    login = await rp.log_in()

    reply = await logout(rp, login, state=string.printable.strip())

    assert answer(reply) == {"state": string.printable.strip()}


async def test_oidcc_rp_initiated_logout_no_state(rp: RelyingParty) -> None:
    login = await rp.log_in()

    reply = await logout(rp, login, state=None)

    assert reply.location == AFTERWARDS
    assert not await is_logged_in(rp)


async def test_oidcc_rp_initiated_logout_bad_post_logout_redirect_uri(rp: RelyingParty) -> None:
    login = await rp.log_in()

    reply = await logout(rp, login, post_logout_redirect_uri="https://client.example/elsewhere")

    assert stays(reply)


async def test_oidcc_rp_initiated_logout_query_added_to_post_logout_redirect_uri(rp: RelyingParty) -> None:
    login = await rp.log_in()

    reply = await logout(rp, login, post_logout_redirect_uri=AFTERWARDS + "?foo=bar")

    assert stays(reply)


async def test_oidcc_rp_initiated_logout_modified_id_token_hint(rp: RelyingParty) -> None:
    """The ID token without its signature."""
    login = await rp.log_in()

    reply = await logout(rp, login, id_token_hint=jwt.encode(login.claims, "", algorithm="none"))

    assert stays(reply)


async def test_oidcc_rp_initiated_logout_bad_id_token_hint(rp: RelyingParty) -> None:
    """One that the relying party signed itself."""
    login = await rp.log_in()

    reply = await logout(rp, login, id_token_hint=jwt.encode(login.claims, str(rp.app.secret), algorithm="HS256"))

    assert stays(reply)


async def test_oidcc_rp_initiated_logout_no_id_token_hint(rp: RelyingParty) -> None:
    login = await rp.log_in()

    reply = await logout(rp, login, id_token_hint=None)

    assert stays(reply)


async def test_oidcc_rp_initiated_logout_no_params(rp: RelyingParty) -> None:
    """The person is asked: a link alone logs nobody out."""
    login = await rp.log_in()

    reply = await agreed(
        rp.browser, await logout(rp, login, id_token_hint=None, post_logout_redirect_uri=None, state=None)
    )

    assert title(reply).startswith(GONE)
    assert not await is_logged_in(rp)


async def test_oidcc_rp_initiated_logout_no_post_logout_redirect_uri(rp: RelyingParty) -> None:
    login = await rp.log_in()

    reply = await logout(rp, login, post_logout_redirect_uri=None)

    assert title(reply).startswith(GONE)
    assert not await is_logged_in(rp)


async def test_oidcc_rp_initiated_logout_only_state(rp: RelyingParty) -> None:
    login = await rp.log_in()

    reply = await agreed(rp.browser, await logout(rp, login, id_token_hint=None, post_logout_redirect_uri=None))

    assert title(reply).startswith(GONE)
    assert not await is_logged_in(rp)
