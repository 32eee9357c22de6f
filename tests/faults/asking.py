"""What statements come to while the database's hosts change."""

import time
from collections.abc import Awaitable, Sequence
from typing import Any

from twisted.internet import reactor
from twisted.internet.task import deferLater
from twisted.logger import LogEvent

from iam.database.database import Database
from iam.database.errors import Unavailable
from tests.waiting import PATIENCE, STEP

LOOK = 0.3  # seconds between two looks
NEVER = 3600.0
WRITE = "insert into written values (%s) returning current_setting('port')::int"


async def answer(work: Awaitable[Any]) -> Any:
    """The rows of a statement, or why there are none."""
    try:
        return await work
    except Unavailable as reason:
        return reason


async def port(database: Database) -> Any:
    """The port of the server that a statement reaches, if it reaches any."""
    rows = await answer(database.query("select current_setting('port')::int"))
    return rows[0][0] if isinstance(rows, list) else None


async def reached(database: Database, member: Any) -> None:
    """Wait until statements reach this server."""
    end = time.monotonic() + PATIENCE
    while await port(database) != member.port:
        assert time.monotonic() < end
        await deferLater(reactor, STEP)


def told(events: Sequence[LogEvent], name: str) -> list[LogEvent]:
    """The lines of the log that begin so."""
    return [event for event in events if str(event.get("log_format")).startswith(name)]
