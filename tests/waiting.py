"""Waiting until something is so, with patience for a machine that is busy."""

import time
from collections.abc import Callable

from twisted.internet import reactor
from twisted.internet.task import deferLater

PATIENCE = 60.0  # seconds after which nothing will come of it
STEP = 0.02  # seconds


async def until(done: Callable[[], bool], patience: float = PATIENCE) -> None:
    """Wait in the reactor until it is so."""
    end = time.monotonic() + patience
    while not done():
        assert time.monotonic() < end, "it did not come to pass"
        await deferLater(reactor, STEP)


def wait_until(done: Callable[[], bool], patience: float = PATIENCE) -> None:
    """Wait until it is so, without a reactor."""
    end = time.monotonic() + patience
    while not done():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(STEP)


async def settled(seconds: float = 0.3) -> None:
    """Let happen what would happen."""
    await deferLater(reactor, seconds)
