"""What nobody needs any longer goes, by itself, on any number of servers (H39)."""

from datetime import timedelta
from secrets import SystemRandom
from typing import Any, Final

from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from iam.clock import Clock
from iam.openid.keys import Keys
from iam.store.audit import Audit
from iam.store.buckets import Buckets
from iam.store.errors import Rejected, Unavailable
from iam.store.partitions import Partitions

INTERVAL: Final = 600.0  # seconds, about: servers that started together need not work together
KEPT: Final = timedelta(days=1)  # that a grant stays which has ended

WHOLE: Final = timedelta(days=30)  # that an address in the audit log stays whole

log = Logger()


class Retention:
    """Tends partitions and keys, and sweeps up the grants that ended."""

    def __init__(
        self, reactor: Any, partitions: Partitions, audit: Audit, buckets: Buckets, keys: Keys, clock: Clock
    ) -> None:
        self._partitions = partitions
        self._audit = audit
        self._buckets = buckets
        self._keys = keys
        self._clock = clock
        self._call = LoopingCall(self._work)
        self._call.clock = reactor

    def start(self) -> None:
        """Work now and then."""
        self._call.start(INTERVAL * SystemRandom().uniform(0.75, 1.25), now=False)

    def stop(self) -> None:
        """Work no more."""
        if self._call.running:
            self._call.stop()

    def _work(self) -> Deferred[None]:
        return Deferred.fromCoroutine(self.work())

    async def work(self) -> None:
        """One round; what is not possible now is left to the next one."""
        now = self._clock.now()
        try:
            await self._keys.tend()
            await self._partitions.tend(now)
            if count := await self._audit.shorten(now - WHOLE):
                log.info("{count} addresses in the audit log are shortened", count=count)
            while count := await self._partitions.sweep(now - KEPT):
                log.info("{count} grants that had ended are gone", count=count)
            while await self._buckets.sweep(now):
                pass
            for fill in await self._partitions.fills():
                log.info(
                    "table {table}: about {rows} rows, {bytes} bytes, in {partitions} partitions",
                    table=fill.table,
                    rows=fill.rows,
                    bytes=fill.bytes,
                    partitions=fill.partitions,
                )
        except (Rejected, Unavailable) as error:
            log.warn("nothing was tidied up: {reason}", reason=str(error))
        except Exception:  # noqa: BLE001 - a round that goes wrong must not be the last one
            log.failure("nothing was tidied up")
