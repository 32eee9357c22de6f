"""Back-Channel OP: each test is named after the module whose demands it asserts.

oidcc-backchannel-rp-initiated-logout-certification-test-plan
"""

from typing import Any

import jwt

from tests.conformance.browser import Browser, answer
from tests.conformance.conftest import party
from tests.conformance.relying_party import ALGORITHMS
from tests.conformance.test_rp_initiated_logout import AFTERWARDS, is_logged_in, logout
from tests.flows.test_back_channel_logout import back_channel, receive, receiver
from tests.harness import Server
from tests.receivers import Receiver

__all__ = ["back_channel", "receive", "receiver"]

EVENT = "http://schemas.openid.net/event/backchannel-logout"


async def test_oidcc_backchannel_logout_discovery_endpoint_verification(server: Server) -> None:
    metadata = (await server.get("/.well-known/openid-configuration")).json

    assert metadata["backchannel_logout_supported"] is True
    assert metadata["backchannel_logout_session_supported"] is True
    assert metadata["end_session_endpoint"] == server.settings.issuer + "/logout"


async def test_oidcc_backchannel_rp_initiated_logout(
    server: Server, browser: Browser, back_channel: Any, receiver: Receiver
) -> None:
    """The logout token's checks are those of Back-Channel Logout §2.6."""
    told = {"backchannel_logout_uri": receiver.uri, "backchannel_logout_session_required": True}
    rp = await party(server, browser, post_logout_redirect_uris=(AFTERWARDS,), **told)
    login = await rp.log_in()

    reply = await logout(rp, login)

    (token,) = await receiver.heard(1)
    header = jwt.get_unverified_header(token)
    keys = jwt.PyJWKSet.from_dict((await server.get("/jwks")).json)
    claims = jwt.decode(
        token,
        keys[header["kid"]],
        algorithms=ALGORITHMS,
        audience=rp.app.client_id,
        issuer=server.settings.issuer,
        options={"require": ["iss", "aud", "iat", "exp", "jti", "events"]},
    )
    assert header["alg"] == login.header["alg"] == "RS256"
    assert claims["events"] == {EVENT: {}}
    assert (claims["sub"], claims["sid"]) == (login.claims["sub"], login.claims["sid"])
    assert "nonce" not in claims
    assert reply.location.partition("?")[0] == AFTERWARDS
    assert answer(reply) == {"state": rp.requested["state"]}
    assert not await is_logged_in(rp)
