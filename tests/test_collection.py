"""When garbage is collected."""

import gc
import subprocess
import sys
import weakref
from collections.abc import Iterator

import pytest

from iam.server import collection


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    thresholds = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)


class Cycle:
    """Something that holds itself."""

    def __init__(self) -> None:
        self.itself = self


def test_what_the_start_made_is_not_looked_through_again() -> None:
    lasting = Cycle()

    collection.settle()

    assert gc.get_freeze_count() > 1000
    assert not any(each is lasting for each in gc.get_objects())


def test_cycles_of_the_start_are_freed_and_not_set_aside() -> None:
    freed: list[bool] = []
    cycle: Cycle | None = Cycle()
    note_end(cycle, freed)
    cycle = None

    collection.settle()

    assert freed == [True]


def test_cycles_that_come_later_are_freed_by_themselves() -> None:
    collection.settle()
    freed: list[bool] = []
    note_end(Cycle(), freed)

    _more = [Cycle() for _ in range(collection.SERVING[0] + 1)]

    assert freed == [True]


def test_no_garbage_is_looked_for_while_the_plugin_is_imported() -> None:
    code = (
        "import gc, iam.server.collection; gc.callbacks.append(lambda *_: print('looked'));"
        "import iam.server.plugin; gc.callbacks.clear()"
    )

    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert said == ""


def note_end(cycle: Cycle, freed: list[bool]) -> None:
    """Notes when it is freed."""
    weakref.finalize(cycle, freed.append, True)
