"""Independent clients find a server whose issuer has a path, and log somebody in."""

from collections.abc import Callable

import pytest
from twisted.internet.threads import deferToThread

from tests.harness import App, Server
from tests.interop.conftest import Go, Node
from tests.interop.test_authlib_logins import LOGIN, relying_party
from tests.interop.test_go_clients import PROGRAM
from tests.interop.test_node_clients import either_library
from tests.interop.walk import Walk
from tests.registering import initial_access_token

Configured = Callable[..., Server]
GRANT_TYPES = ("authorization_code", "refresh_token")
paths = pytest.mark.parametrize("path", ["/o", "/login/auth"])


@paths
async def test_authlib_discovers_and_logs_in(configured: Configured, path: str) -> None:
    """OpenID Connect Discovery §4."""
    server = configured(path)
    app, person = await server.app(scopes=LOGIN), await server.person()

    _, claims = await deferToThread(relying_party(server, app).log_in, server, person)

    assert (claims["iss"], claims["sub"]) == (server.settings.issuer, str(person.user_id))


@paths
@either_library
async def test_a_library_in_javascript_discovers_and_logs_in(
    configured: Configured, node: Node, library: str, path: str
) -> None:
    """OpenID Connect Discovery §4."""
    server = configured(path)
    app, person = await server.app(scopes=("openid",), grant_types=GRANT_TYPES), await server.person()

    outcome = await Walk(node, library, server, app, person).through("login", scope="openid")

    assert (outcome["claims"]["iss"], outcome["claims"]["sub"]) == (server.settings.issuer, str(person.user_id))


@paths
@either_library
async def test_a_library_in_javascript_finds_the_metadata_of_oauth(
    configured: Configured, node: Node, library: str, path: str
) -> None:
    """RFC 8414 §3.1: these libraries ask at the host's root, with the path behind the well-known name."""
    server = configured(path)
    app, person = await server.app(grant_types=GRANT_TYPES), await server.person()

    outcome = await Walk(node, library, server, app, person).through("code")

    assert (outcome["tokens"]["scope"], outcome["used"]) == ("read write", 200)


@paths
async def test_a_library_in_go_discovers_and_logs_in(configured: Configured, go: Go, path: str) -> None:
    """OpenID Connect Discovery §4."""
    server = configured(path)
    app, person = await server.app(scopes=LOGIN, grant_types=GRANT_TYPES), await server.person()

    outcome = await Walk(go, PROGRAM, server, app, person).through("login", scope="openid offline_access")

    assert outcome["sub"] == outcome["told"] == str(person.user_id)


@paths
async def test_a_client_that_knows_the_resource_alone_finds_the_server(
    configured: Configured, node: Node, path: str
) -> None:
    """RFC 9728 §3.1, as oauth4webapi does it."""
    server = configured(path)

    outcome = await Walk(node, "oauth4webapi", server, await server.app()).through("resource")

    assert outcome["authorization_servers"] == [server.settings.issuer]


@either_library
async def test_a_client_registers_itself_below_the_path(configured: Configured, node: Node, library: str) -> None:
    server = configured("/o")
    metadata = {"redirect_uris": ["https://client.example/callback"], "grant_types": list(GRANT_TYPES)}

    outcome = await Walk(node, library, server, App("", None), await server.person()).through(
        "login", scope="openid", metadata=metadata, initial_access_token=await initial_access_token(server)
    )

    assert outcome["claims"]["iss"] == server.settings.issuer
