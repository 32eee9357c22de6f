"""Counts of refusals in the audit log, by minute, network and kind: an event for each would be a flood (H29)."""

from collections import Counter
from datetime import date
from typing import Any, Final

from twisted.internet.defer import Deferred, DeferredLock
from twisted.logger import Logger

from iam.clock import Clock
from iam.database.database import Database
from iam.database.errors import Rejected, Unavailable

LOGIN: Final = "login.refused"
FACTOR: Final = "factor.refused"
CLIENT_AUTHENTICATION: Final = "client_authentication.refused"
CONSENT: Final = "consent.refused"
THROTTLED: Final = ".throttled"  # added to the kind, for attempts beyond a limit

MINUTE: Final = 60.0
KNOWN: Final = 1000  # counts that are held at a time
ROWS: Final = 50  # of a minute, for the networks with the most refusals
OTHERS: Final = ""  # all other networks together

STORE: Final = """
select audited(i.kind, %(now)s, 'anybody', nullif(i.network, ''), detail => jsonb_build_object('count', i.count))
from unnest(%(kinds)s::text[], %(networks)s::text[], %(counts)s::bigint[]) as i (kind, network, count)
"""

log = Logger()


class RefusedCounts:
    """Counts refusals for a minute and stores the counts in one statement; `most` rows a day name a network."""

    def __init__(self, database: Database, clock: Clock, most: int) -> None:
        self._database = database
        self._clock = clock
        self._most = most
        self._counts: Counter[tuple[str, str]] = Counter()
        self._alarm: Any = None
        self._lock = DeferredLock()
        self._day: date = date.min
        self._rows = 0

    def add(self, kind: str, source: str, count: int = 1) -> None:
        """Adds refusals of this kind from this network, and starts the minute if none is running."""
        self._count(kind, source, count)
        if self._alarm is None:
            self._alarm = self._database.reactor.callLater(MINUTE, self._ring)

    def _count(self, kind: str, source: str, count: int) -> None:
        key = kind, source
        if key not in self._counts and len(self._counts) >= KNOWN:
            key = kind, OTHERS
        self._counts[key] += count

    async def stop(self) -> None:
        """Stores the counts and cancels the timer."""
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        await self.flush()

    async def flush(self) -> None:
        """Stores the counts; while the database is unavailable, they are added to those of the next minute."""
        async with self._lock:
            counts, self._counts = self._counts, Counter()
            rows = self._ranked(counts)
            if not rows:
                return
            kinds, networks, numbers = map(list, zip(*rows, strict=True))
            told = {"kinds": kinds, "networks": networks, "counts": numbers, "now": self._clock.now()}
            try:
                await self._database.aside(STORE, told)
            except Unavailable:
                for (kind, source), count in counts.items():
                    self._count(kind, source, count)
            except Rejected as error:
                log.warn("counts of refusals cannot be stored: {reason}", reason=str(error))
            else:
                self._rows += sum(source != OTHERS for source in networks)

    def _ranked(self, counts: Counter[tuple[str, str]]) -> list[tuple[str, str, int]]:
        """Returns the rows to store: the networks with the most refusals, and one per kind for all others.

        The day's remaining rows limit how many networks have one of their own.
        """
        of_networks = Counter({key: count for key, count in counts.items() if key[1] != OTHERS})
        named = dict(of_networks.most_common(self._left()))
        others: Counter[str] = Counter()
        for (kind, source), count in counts.items():
            if (kind, source) not in named:
                others[kind] += count
        rows = [(kind, source, count) for (kind, source), count in named.items()]
        return rows + [(kind, OTHERS, count) for kind, count in others.items()]

    def _left(self) -> int:
        today = self._clock.now().date()
        if today != self._day:
            self._day, self._rows = today, 0
        return min(ROWS, max(0, self._most - self._rows))

    def _ring(self) -> None:
        self._alarm = None
        Deferred.fromCoroutine(self._flush_again())

    async def _flush_again(self) -> None:
        await self.flush()
        if self._counts and self._alarm is None:
            self._alarm = self._database.reactor.callLater(MINUTE, self._ring)
