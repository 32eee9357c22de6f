"""What every test stands on: coroutines run on the reactor, one throw-away PostgreSQL per process, and what `make quick` runs."""

import os
import shutil
import tempfile
from collections.abc import Generator
from inspect import iscoroutinefunction
from pathlib import Path

import pytest
import pytest_twisted

pytest_plugins = [
    "tests.cluster",
    "tests.command_line",
    "tests.harness",
    "tests.documents",
    "tests.homes",
    "tests.old_cluster",
]

HERE = Path(__file__).parent
MEMORY = Path("/dev/shm")
ROOM = 4 << 30  # bytes

# The rooms of tests that start processes: servers, commands at a console, browsers, clusters that are killed. All others are quick.
SLOW = {
    "browser",
    "conformance",
    "consistency",
    "console",
    "embedded",
    "faults",
    "interop",
    "packaging",
    "service",
    "tutorial",
}

# What runs a second time below an issuer's path: the ways that browsers and programs go through the whole server.
JOURNEYS = {
    "conformance": {"*"},
    "flows": {
        "authorization_code",
        "back_channel_logout",
        "client_configuration",
        "dynamic_registration",
        "front_channel_logout",
        "introspection_and_revocation",
        "metadata",
        "openid_connect",
        "posted_requests",
        "refresh_token",
        "request_uris",
        "resources",
        "response_modes",
        "rp_initiated_logout",
        "select_account",
        "webfinger",
    },
    "pages": {"account_chooser", "applications", "consent", "login", "markup", "one_factor", "setup"},
}

# Clusters and data directories are in memory where there is room, as nobody will miss them: no test asks what a disk keeps.
if (
    "TMPDIR" not in os.environ
    and MEMORY.is_dir()
    and os.access(MEMORY, os.W_OK)
    and shutil.disk_usage(MEMORY).free > ROOM
):
    tempfile.tempdir = os.environ["TMPDIR"] = str(MEMORY)


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--long` is for tests of what takes long in the field: they cut it short without it."""
    parser.addoption("--long", action="store_true", help="let faults last as long as they do in the field")


def pytest_configure(config: pytest.Config) -> None:
    """The marks that a test has by its room."""
    config.addinivalue_line("markers", "quick: runs in this process")
    config.addinivalue_line("markers", "slow: starts processes")


def pytest_xdist_auto_num_workers() -> int:
    """One process a core and one more, for tests wait: for PostgreSQL, for what they start, for time to pass."""
    return (os.cpu_count() or 1) + 1


def room(path: Path) -> str:
    """The directory of tests/ that it is in; none where it is in tests/ itself."""
    parts = path.relative_to(HERE).parts
    return parts[0] if parts and (HERE / parts[0]).is_dir() else ""


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Read no module of which no test would be run."""
    wanted = config.getoption("markexpr")
    mark = "slow" if room(collection_path) in SLOW else "quick"
    return True if room(collection_path) and wanted in {"quick", "slow"} and wanted != mark else None


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Let the journeys run below an issuer's path too, if that is asked for."""
    below = metafunc.config.getoption("journeys_below")
    if below and "issuer_path" in metafunc.fixturenames and is_journey(Path(metafunc.module.__file__)):
        metafunc.parametrize("issuer_path", ["", below], indirect=True, scope="session", ids=["root", "below"])


def is_journey(module: Path) -> bool:
    """Is it one of those that run below a path too?"""
    names = JOURNEYS.get(room(module), set())
    return bool(names & {"*", module.stem.removeprefix("test_")})


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    """Give a generated test its own body back, which pytest-twisted wraps each time that it runs: it may run below a path too."""
    generated = getattr(pyfuncitem.obj, "hypothesis", None)
    body = generated and generated.inner_test
    try:
        return (yield)
    finally:
        if generated:
            generated.inner_test = body


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run `async def` tests on the reactor, and mark each by its room."""
    for item in items:
        item.add_marker("slow" if room(item.path) in SLOW else "quick")
        if isinstance(item, pytest.Function) and iscoroutinefunction(item.obj):
            item.obj = pytest_twisted.ensureDeferred(item.obj)
