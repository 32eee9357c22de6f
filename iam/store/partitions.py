"""Partitions: made ahead and dropped by the servers themselves, so that what has expired costs nothing and takes no space."""

from datetime import datetime
from typing import Final

from attrs import frozen
from twisted.logger import Logger

from iam.database.database import Database
from iam.database.errors import Rejected, Unavailable
from iam.recurring import Recurring
from iam.settings import Settings

DAY: Final = 86400
FEW: Final = 2  # partitions of one table that lie ahead, about: each statement opens all of them
GRANTS: Final = 1000  # that are swept at a time

TEND: Final = "select made, dropped from tend_partitions(%(parent)s, %(today)s, %(width)s, %(ahead)s)"
ALL: Final = "select parent, count(*), sum(about), sum(bytes) from partition_bounds group by parent order by parent"

# Grants are no rows for partitions: most live for a year, some for ever. What has ended a day ago, goes a few at a time; but
# while there is the session in which an ID token was given, the grant tells whom to tell of its end.
SWEEP: Final = """
with ended as (
    (select g.id from grants g where g.expires_at < %(before)s
        and (g.openid is null or not exists (select from sessions s where s.id = g.session_id)) limit %(most)s)
    union
    (select g.id from grants g where g.revoked_at < %(before)s
        and (g.openid is null or not exists (select from sessions s where s.id = g.session_id)) limit %(most)s)
), gone as (
    delete from grants g using ended e where g.id = e.id
        and not exists (select from clients c where c.grant_id = g.id)
    returning g.id
)
select count(*) from gone
"""

log = Logger()


@frozen
class Fill:
    """How much of a table there is: partitions, rows (PostgreSQL's estimate) and bytes with the indexes."""

    table: str
    partitions: int
    rows: int
    bytes: int


def tell(reason: str, count: int) -> None:
    """Say that later is early enough, but not what keeps on failing for each request."""
    log.warn("partitions cannot be tended: {reason} (times: {count})", reason=reason, count=count)


def longest(settings: Settings) -> dict[str, int]:
    """The tables of short-lived rows, and the seconds that a row of each may live."""
    return {
        "sessions": max(settings.session_lifetime, settings.session_remembered),
        "authorization_codes": settings.authorization_code_lifetime,
        "access_tokens": max(settings.access_token_lifetime, DAY),
        "refresh_tokens": settings.refresh_token_idle,
        "refusals": DAY,
        "audit_events": 400 * DAY,
        "replays": DAY,
        "registrations": DAY,
    }


class Partitions:
    """Looks after the tables of short-lived rows; `longest` names them, with the seconds that a row of each may live."""

    def __init__(self, database: Database, longest: dict[str, int]) -> None:
        self._database = database
        self._longest = longest
        self._untended = Recurring(database.reactor, tell)

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables that have partitions."""
        return tuple(self._longest)

    async def tend(self, now: datetime) -> None:
        """Tend every table, each whatever becomes of the others; what is not possible now is a line in the log.

        Partitions lie ahead, so later is early enough.
        """
        for table in self.tables:
            try:
                await self.tend_one(table, now)
            except (Rejected, Unavailable) as error:  # rejected: this role may make none, so another one's server tends
                self._untended.add(f"{table}: {error}" if isinstance(error, Rejected) else str(error))

    async def tend_one(self, table: str, now: datetime) -> None:
        """Make the partitions of the days to come, drop those of the days that are over. Any number of servers may do so.

        Raises Rejected, Unavailable where PostgreSQL does not let us now.
        """
        days = -(-self._longest[table] // DAY) + 1
        width = max(2, days // FEW)
        tended = {"parent": table, "today": now.date(), "width": width, "ahead": days}
        ((made, dropped),) = await self._database.aside(TEND, tended)
        if made or dropped:
            log.info("partitions of {table}: {made} made, {dropped} dropped", table=table, made=made, dropped=dropped)

    async def sweep(self, before: datetime) -> int:
        """Remove some of the grants that ended before this moment; how many it were."""
        ((count,),) = await self._database.aside(SWEEP, {"before": before, "most": GRANTS})
        return int(count)

    async def fills(self) -> list[Fill]:
        """How much there is of each table."""
        rows = await self._database.aside(ALL)
        return [Fill(table, count, int(about), int(size)) for table, count, about, size in rows]
