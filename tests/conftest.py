"""What every test stands on: coroutines run on the reactor, one throw-away PostgreSQL per run."""

from inspect import iscoroutinefunction

import pytest
import pytest_twisted

pytest_plugins = ["tests.cluster", "tests.command_line", "tests.harness", "tests.homes", "tests.old_cluster"]


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--long` is for tests of what takes long in the field: they cut it short without it."""
    parser.addoption("--long", action="store_true", help="let faults last as long as they do in the field")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run `async def` tests on the reactor."""
    for item in items:
        if isinstance(item, pytest.Function) and iscoroutinefunction(item.obj):
            item.obj = pytest_twisted.ensureDeferred(item.obj)
