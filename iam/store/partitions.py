"""Partitions: the servers make them ahead and drop them, so that expired rows cost nothing and take no space."""

from datetime import datetime, timedelta
from typing import Final

from attrs import frozen
from twisted.logger import Logger

from iam.database.database import Database
from iam.database.errors import Rejected, Unavailable
from iam.records.numbers import Span
from iam.recurring import Recurring
from iam.settings import Settings

DAY: Final = 86400
FEW: Final = 2  # partitions of one table that lie ahead, about; they are few because each statement opens all of them
GRANTS: Final = 1000  # that are deleted in one statement, of the expired and of the revoked ones each

TEND: Final = "select made, dropped from tend_partitions(%(parent)s, %(today)s, %(width)s, %(ahead)s)"
SPANS: Final = "select parent, min(first), max(beyond) from partition_bounds group by parent"
ALL: Final = "select parent, count(*), sum(about), sum(bytes) from partition_bounds group by parent order by parent"

# Grants have no partitions: most live for a year, some for ever. Those that ended before the given moment are deleted,
# some at a time. A grant with an ID token is kept as long as its session: it says which client to tell when the session
# ends.
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

HOUR: Final = timedelta(hours=1)  # after midnight in which the partitions of the new day may still be missing

log = Logger()


@frozen
class Fill:
    """The size of a table: partitions, rows (PostgreSQL's estimate) and bytes with the indexes."""

    table: str
    partitions: int
    rows: int
    bytes: int


def tell(reason: str, count: int) -> None:
    """Logs why partitions cannot be tended, and how often."""
    log.warn("partitions cannot be tended: {reason} (times: {count})", reason=reason, count=count)


def longest(settings: Settings) -> dict[str, int]:
    """Returns the tables of short-lived rows, and the seconds that a row of each may live."""
    return {
        "sessions": max(settings.session_lifetime, settings.session_remembered),
        "authorization_codes": max(settings.authorization_code_lifetime, DAY),  # those of devices live longer
        "access_tokens": max(settings.access_token_lifetime, DAY),
        "refresh_tokens": settings.refresh_token_idle,
        "refusals": DAY,
        "audit_events": 400 * DAY,
        "replays": DAY,
        "registrations": DAY,
    }


class Partitions:
    """Makes and drops the partitions of the tables in `longest`, by the seconds that a row of each may live."""

    def __init__(self, database: Database, longest: dict[str, int]) -> None:
        self._database = database
        self._longest = longest
        self._untended = Recurring(database.reactor, tell)

    @property
    def tables(self) -> tuple[str, ...]:
        """The names of the tables that have partitions."""
        return tuple(self._longest)

    async def tend(self, now: datetime) -> None:
        """Tends every table; what is not possible for one is logged, and does not keep the others from being tended.

        Partitions lie ahead, so later is early enough.
        """
        for table in self.tables:
            try:
                await self.tend_one(table, now)
            except (Rejected, Unavailable) as error:  # Rejected: this role may not; a server of another role does it
                self._untended.add(f"{table}: {error}" if isinstance(error, Rejected) else str(error))

    async def tend_one(self, table: str, now: datetime) -> None:
        """Makes the partitions of the days to come and drops those of past days.

        Any number of servers may do so at once.
        Raises Rejected or Unavailable if PostgreSQL does not let us do so now.
        """
        days = -(-self._longest[table] // DAY) + 1
        width = max(2, days // FEW)
        tended = {"parent": table, "today": now.date(), "width": width, "ahead": days}
        ((made, dropped),) = await self._database.aside(TEND, tended)
        if made or dropped:
            log.info("partitions of {table}: {made} made, {dropped} dropped", table=table, made=made, dropped=dropped)

    async def spans(self, now: datetime) -> list[Span]:
        """Returns the days that each table has partitions for, and until when it needs some for the rows of tomorrow."""
        known = {table: (first, beyond) for table, first, beyond in await self._database.query(SPANS)}
        tomorrow = (now - HOUR).date() + timedelta(days=1)
        return [
            Span(table, *known.get(table, (None, None)), tomorrow + timedelta(days=-(-longest // DAY)))
            for table, longest in self._longest.items()
        ]

    async def sweep(self, before: datetime) -> int:
        """Deletes some of the grants that ended before this moment, and returns how many."""
        ((count,),) = await self._database.aside(SWEEP, {"before": before, "most": GRANTS})
        return int(count)

    async def fills(self) -> list[Fill]:
        """Returns the size of each table that has partitions."""
        rows = await self._database.aside(ALL)
        return [Fill(table, count, int(about), int(size)) for table, count, about, size in rows]
