"""Looks at the hosts of the database regularly: another may become the primary while ours still answers."""

from collections.abc import Awaitable, Callable

from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall
from twisted.logger import Logger
from twisted.python.failure import Failure

from iam.database.addresses import Host
from iam.reactor import Timer

log = Logger()


class Watch:
    """Looks at each host, at most once at a time, so that a silent one delays no look at the others."""

    def __init__(
        self,
        reactor: Timer,
        seconds: float,
        hosts: Callable[[], tuple[Host, ...]],
        look: Callable[[Host], Awaitable[None]],
    ) -> None:
        self.seconds = seconds
        self.hosts = hosts
        self.look = look
        self.under_way: set[Host] = set()
        self.pulse = LoopingCall(self.round)
        self.pulse.clock = reactor

    def start(self) -> None:
        """Looks every `seconds` from now on."""
        self.pulse.start(self.seconds, now=False)

    def stop(self) -> None:
        """Stops looking."""
        if self.pulse.running:
            self.pulse.stop()

    def round(self) -> None:
        """Begins a look at each host that is not being looked at."""
        for host in set(self.hosts()) - self.under_way:
            self.under_way.add(host)
            Deferred.fromCoroutine(self.one(host)).addErrback(failed)

    async def one(self, host: Host) -> None:
        """Looks at one host, which is under way meanwhile."""
        try:
            await self.look(host)
        finally:
            self.under_way.discard(host)


def failed(failure: Failure) -> None:
    """Logs that a look failed; the next one is made all the same."""
    log.failure("a look at a host of the database went wrong", failure)
