"""MCP servers and clients of the SDKs, used as their documentation says, nothing adapted (MCP authorization 2026-07-28)."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from attrs import define, field
from twisted.internet.threads import deferToThread

from tests.documents import Publisher
from tests.harness import Person, Server, free_port
from tests.interop.browser import visit
from tests.interop.conftest import Node

HERE = Path(__file__).parent
SCOPES = ("tools:use", "tools:list")
GRANT_TYPES = ("authorization_code", "refresh_token")
CALLBACK = "http://localhost:3030/callback"
IAM = Path(sys.executable).with_name("iam")
REGISTRATIONS = json.loads((HERE.parent / "flows" / "mcp_clients.json").read_text())["registrations"]
READY = "Uvicorn running"


@define
class World:
    """An authorization server at which anybody may register, and MCP servers behind it."""

    server: Server
    running: list[subprocess.Popen[str]] = field(factory=list)

    async def tools(self, *named: str) -> str:
        """The address of a new MCP server, which is a resource for all clients; `named` are the scopes in its metadata."""
        port = free_port()
        url = f"http://localhost:{port}/mcp"
        await self._iam("mcp", "add", url, *(f"--scope={scope}" for scope in SCOPES))
        asks = await self.server.app(grant_types=(), redirect_uris=(), scopes=(), introspect_any=True)
        command = [sys.executable, str(HERE / "mcp_server.py"), self.server.settings.issuer, str(port)]
        self.running.append(await deferToThread(begin, [*command, asks.client_id, str(asks.secret), *named]))
        return url

    async def connect(self, command: list[str], person: Person) -> Any:
        """What comes of a client that this person lets in."""
        return await deferToThread(self._connect, command, person)

    async def _iam(self, *arguments: str) -> None:
        settings = self.server.settings
        variables = {"IAM_DATABASE": str(settings.database), "IAM_DATA_DIR": str(settings.data_dir)}
        command = [str(IAM), *arguments]
        await deferToThread(subprocess.run, command, check=True, env={**os.environ, **variables}, capture_output=True)

    def _connect(self, command: list[str], person: Person) -> Any:
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as client:
            assert client.stdin
            assert client.stdout
            assert client.stderr
            while line := client.stdout.readline():
                said = json.loads(line)
                if "outcome" in said:
                    return said["outcome"]
                client.stdin.write(json.dumps(visit(self.server, person, said["visit"])) + "\n")
                client.stdin.flush()
            raise AssertionError(client.stderr.read())


def begin(command: list[str]) -> subprocess.Popen[str]:
    """An MCP server that answers."""
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert process.stderr
    said = ""
    while READY not in said:
        line = process.stderr.readline()
        assert line, said
        said += line
    return process


@pytest.fixture
def world(configured: Callable[..., Server]) -> Iterator[World]:
    made = World(configured(registration="open", private_scheme=("cursor",)))
    yield made
    for process in made.running:
        process.terminate()
        process.communicate()


def python(url: str, node: Node) -> list[str]:
    return with_metadata(url, {"client_name": "MCP", "redirect_uris": [CALLBACK]})


def with_metadata(url: str, metadata: Any) -> list[str]:
    return [sys.executable, str(HERE / "mcp_client.py"), url, json.dumps(metadata)]


def javascript(url: str, node: Node) -> list[str]:
    return [*node.command("mcp"), url, CALLBACK]


@pytest.mark.parametrize("sdk", [python, javascript])
@pytest.mark.parametrize("named", [(), SCOPES, SCOPES[:1]])
async def test_an_mcp_client_registers_itself_and_uses_a_tool(
    world: World, node: Node, sdk: Callable[[str, Node], list[str]], named: tuple[str, ...]
) -> None:
    person = await world.server.person()
    url = await world.tools(*named)

    outcome = await world.connect(sdk(url, node), person)

    assert (outcome["tools"], outcome["result"]) == (["add"], "3")
    assert set(outcome["tokens"]["scope"].split()) >= set(named or SCOPES)
    assert outcome["client"]["redirect_uris"] == [CALLBACK]


async def test_the_clients_of_today_are_let_in_with_what_they_register(world: World) -> None:
    person, url = await world.server.person(), await world.tools(*SCOPES)

    for client in REGISTRATIONS:
        outcome = await world.connect(with_metadata(url, client["body"]), person)

        assert (outcome["tools"], outcome["result"]) == (["add"], "3"), client["name"]
        assert set(outcome["tokens"]["scope"].split()) >= set(SCOPES), client["name"]
        assert set(outcome["client"]["redirect_uris"]) <= set(client["body"]["redirect_uris"]), client["name"]


@pytest.mark.parametrize("sdk", [python, javascript])
@pytest.mark.parametrize("bound", [False, True])
async def test_an_mcp_client_is_let_in_however_it_comes(
    world: World, node: Node, publisher: Publisher, sdk: Callable[[str, Node], list[str]], bound: bool
) -> None:
    """By registration, by document, registered beforehand; with bound tokens (RFC 9449) by what it has the SDK send requests with."""
    server, person, url = world.server, await world.server.person(), await world.tools(*SCOPES)
    ours: dict[str, Any] = {"redirect_uris": [CALLBACK], "grant_types": GRANT_TYPES, "dpop_bound_access_tokens": bound}
    app = await server.app(scopes=SCOPES, **ours)
    known = json.dumps({**app.form, "redirect_uris": [CALLBACK], "token_endpoint_auth_method": "client_secret_post"})
    document = publisher.publish(client_name="MCP", **ours).client_id
    client = [*sdk(url, node), *["dpop"][:bound]]

    outcomes = [await world.connect([*client, *way], person) for way in ([], [document], [known])]

    asks = await server.app(introspect_any=True)
    for outcome in outcomes:
        assert (outcome["tools"], outcome["result"]) == (["add"], "3")
        assert ("cnf" in await server.introspect(asks, outcome["tokens"]["access_token"])) is bound
    assert [outcome["client"]["client_id"] for outcome in outcomes[1:]] == [document, app.client_id]
    assert len(publisher.asked) == 1
