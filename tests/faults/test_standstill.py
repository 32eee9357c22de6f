"""The faults' own measure can fail."""

import time

from twisted.internet import reactor
from twisted.internet.task import deferLater

from tests.standstill import STILL, Standstill


async def test_a_reactor_that_waits_is_noticed() -> None:
    with Standstill() as standstill:
        time.sleep(2 * STILL)  # noqa: ASYNC251 - this is what must be noticed
        await deferLater(reactor, 0.1)

    assert standstill() > STILL


async def test_a_reactor_that_turns_is_not() -> None:
    with Standstill() as standstill:
        await deferLater(reactor, 2 * STILL)

    assert standstill() < STILL
