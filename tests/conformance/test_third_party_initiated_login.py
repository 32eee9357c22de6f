"""3rd Party-Init OP: each test is named after the module whose demands it asserts.

oidcc-3rdparty-init-login-certification-test-plan
"""

import pytest

from tests.conformance.browser import Browser
from tests.conformance.registered import register, registered
from tests.harness import Server

URI = "https://client.example/initiate"


async def test_oidcc_3rd_party_init_login(server: Server, browser: Browser) -> None:
    """Core §4, Registration §2: told at the registration, and again where the registration is read."""
    _, told = await registered(server, browser, initiate_login_uri=URI)

    reply = await server.get(
        told["registration_client_uri"], headers={"Authorization": "Bearer " + told["registration_access_token"]}
    )

    assert told["initiate_login_uri"] == URI
    assert (reply.status, reply.header("content-type")) == (200, "application/json")
    assert reply.json["initiate_login_uri"] == URI


@pytest.mark.parametrize("uri", ["http://client.example/initiate", "http://localhost:8443/test/a/iam/initiate_login"])
async def test_oidcc_3rd_party_init_login_nohttps(server: Server, uri: str) -> None:
    """Registration §2 makes no exception for a suite that runs on this machine."""
    reply = await register(server, initiate_login_uri=uri)

    assert (reply.status, reply.header("content-type")) == (400, "application/json")
    assert reply.json["error"] == "invalid_client_metadata"
