"""The addresses of the database's hosts, from the system's resolver, which may be slow or not answer."""

from collections.abc import Callable
from ipaddress import ip_address
from socket import SOCK_STREAM, getaddrinfo
from typing import Final

from twisted.internet.defer import Deferred
from twisted.internet.defer import TimeoutError as TimedOut
from twisted.python.failure import Failure

from iam.database.addresses import Host
from iam.database.errors import Unavailable
from iam.database.threads import in_thread
from iam.reactor import Reactor

LOOK_UP: Final = 5.0  # seconds for one name (H44)


def system(name: str) -> list[str]:
    """Returns the addresses that the system knows for a name. It blocks."""
    return [str(sockaddr[0]) for *_, sockaddr in getaddrinfo(name, None, type=SOCK_STREAM)]


class Resolver:
    """Looks each name up in one thread at most, and keeps the last answer for when a look-up fails."""

    def __init__(self, reactor: Reactor, look: Callable[[str], list[str]] = system, patience: float = LOOK_UP) -> None:
        self.reactor = reactor
        self.look = look
        self.patience = patience
        self.known: dict[str, list[str]] = {}
        self.waiters: dict[str, list[Deferred[list[str]]]] = {}

    async def addresses(self, host: Host) -> list[str]:
        """Returns the IP addresses of a host in the order to try them; for a Unix socket, an empty one.

        Raises Unavailable.
        """
        if host.address or host.local:
            return [host.address]
        try:
            return [str(ip_address(host.name))]
        except ValueError:
            return await self.named(host.name)

    async def named(self, name: str) -> list[str]:
        """Returns the addresses of a name, or the last known ones if the look-up fails. Raises Unavailable."""
        try:
            return await self.looked_up(name).addTimeout(self.patience, self.reactor)
        except (OSError, TimedOut) as reason:
            if name in self.known:
                return self.known[name]
            told = getattr(reason, "strerror", None) or "the resolver does not answer"
            raise Unavailable(f"its name is not known ({told})") from None

    def looked_up(self, name: str) -> Deferred[list[str]]:
        """Returns the result of the look-up under way, or of a new one."""
        waiter: Deferred[list[str]] = Deferred()
        if name in self.waiters:
            self.waiters[name].append(waiter)
        else:
            self.waiters[name] = [waiter]
            in_thread(self.reactor, self.look, name).addBoth(self.answer, name)
        return waiter

    def answer(self, outcome: list[str] | Failure, name: str) -> None:
        """Gives the outcome to all who still wait."""
        if not isinstance(outcome, Failure):
            self.known[name] = outcome
        for waiter in self.waiters.pop(name):
            if not waiter.called:
                waiter.callback(outcome)
