"""Connections for outbound requests: we look names up ourselves, and dial the very address that was checked (H35)."""

from collections.abc import Callable
from functools import partial
from ipaddress import ip_address
from socket import EAI_AGAIN, EAI_SYSTEM, SOCK_STREAM, getaddrinfo
from threading import Thread
from typing import TYPE_CHECKING, Any, Final

from twisted.internet.defer import Deferred
from twisted.internet.defer import TimeoutError as TimedOut
from twisted.internet.endpoints import TCP4ClientEndpoint, TCP6ClientEndpoint, wrapClientTLS
from twisted.internet.error import ConnectError
from twisted.internet.interfaces import IProtocol, IProtocolFactory, IStreamClientEndpoint
from twisted.internet.ssl import optionsForClientTLS
from twisted.protocols.policies import ProtocolWrapper, WrappingFactory
from twisted.web.iweb import IAgentEndpointFactory
from zope.interface import implementer

from iam.outbound.destinations import HTTPS, Address, Crowded, Destination, FetchError
from iam.reactor import Reactor

if TYPE_CHECKING:
    from twisted.web.client import URI

LOOK_UP: Final = 2.0  # seconds for one name
LOOK_UPS: Final = 8  # at once, including those that nobody waits for any more
OURS: Final = (EAI_AGAIN, EAI_SYSTEM)  # failures of our resolver, which say nothing about the name
CONNECT: Final = 2.0  # seconds for one address
ATTEMPTS: Final = 4  # addresses of one name
OCTETS: Final = 96 << 10  # read of one answer, headers included

Look = Callable[[str], list[str]]


def system(name: str) -> list[str]:
    """Returns the addresses that the system's resolver knows for a name; blocks, and raises OSError or UnicodeError."""
    return [str(sockaddr[0]) for *_, sockaddr in getaddrinfo(name, None, type=SOCK_STREAM)]


class NameResolver:
    """Looks names up in threads of its own, so that a dead resolver neither fills the shared thread pool nor delays the exit."""

    def __init__(self, reactor: Reactor, look: Look = system, most: int = LOOK_UPS) -> None:
        self._reactor = reactor
        self._look = look
        self._most = most
        self._under_way = 0

    async def addresses(self, host: str) -> list[Address]:
        """Returns every address of a host; raises FetchError."""
        try:
            return [ip_address(host)]
        except ValueError:
            texts = await self._looked_up(host)
        return [ip_address(text) for text in dict.fromkeys(texts)]

    async def _looked_up(self, name: str) -> list[str]:
        """Looks the name up in a thread of its own, for LOOK_UP seconds at most; raises FetchError, or Crowded for failures on our side."""
        if self._under_way >= self._most:
            raise Crowded("too many names are being looked up")
        answer: Deferred[list[str]] = Deferred()
        self._under_way += 1
        Thread(target=self._work, args=(name, answer), daemon=True).start()
        try:
            return await answer.addTimeout(LOOK_UP, self._reactor)
        except TimedOut:
            raise FetchError(f"the resolver does not answer for {name}") from None
        except (OSError, UnicodeError) as error:
            if getattr(error, "errno", None) in OURS:
                raise Crowded(f"the resolver cannot tell now about {name}") from None
            raise FetchError(f"{name} is not known") from None

    def _work(self, name: str, answer: Deferred[list[str]]) -> None:
        try:
            tell: Callable[[], None] = partial(answer.callback, self._look(name))
        except Exception as error:  # noqa: BLE001 - any error goes to the caller that waits
            tell = partial(answer.errback, error)
        self._reactor.callFromThread(self._done, tell)

    def _done(self, tell: Callable[[], None]) -> None:
        self._under_way -= 1
        tell()


class Limited(ProtocolWrapper):
    """Aborts a connection that sends more than OCTETS octets, headers included."""

    left = OCTETS

    def dataReceived(self, data: bytes) -> None:
        """Passes data on up to the limit, and aborts the connection beyond it."""
        self.left -= len(data)
        if self.left >= 0:
            super().dataReceived(data)
        elif self.transport is not None:
            self.transport.abortConnection()


class Limiting(WrappingFactory):
    """Builds Limited protocols around those of another factory."""

    protocol = Limited
    noisy = False


@implementer(IStreamClientEndpoint, IAgentEndpointFactory)
class Line:
    """The endpoint of one destination: its addresses are tried one after the other, for one request."""

    def __init__(self, reactor: Reactor, destination: Destination, addresses: list[Address], trust_root: Any) -> None:
        self._reactor = reactor
        self._destination = destination
        self._addresses = addresses[:ATTEMPTS]
        self._trust_root = trust_root
        self._wrapper: Any = None

    def endpointForURI(self, uri: "URI") -> IStreamClientEndpoint:
        """Returns this line, whatever the URI says, so that only checked addresses are dialled."""
        return self  # type: ignore[return-value]

    def connect(self, factory: IProtocolFactory) -> Deferred[IProtocol]:
        """Connects to the first address that answers; fails with ConnectError."""
        return Deferred.fromCoroutine(self._connected(factory))

    async def _connected(self, factory: IProtocolFactory) -> IProtocol:
        """Tries the addresses in order, and returns the first connection; raises the last ConnectError if there is none."""
        reason: ConnectError = ConnectError()
        for address in self._addresses:
            try:
                self._wrapper = await self._endpoint(address).connect(Limiting(factory))
            except ConnectError as error:
                reason = error
            else:
                wrapped: IProtocol = self._wrapper.wrappedProtocol
                return wrapped
        raise reason

    def _endpoint(self, address: Address) -> Any:
        kind: Any = TCP4ClientEndpoint if address.version == 4 else TCP6ClientEndpoint  # noqa: PLR2004 - IP's own numbers
        plain = kind(self._reactor, str(address), self._destination.port, timeout=CONNECT)
        if self._destination.scheme != HTTPS:
            return plain
        return wrapClientTLS(optionsForClientTLS(self._destination.host, self._trust_root), plain)

    def hang_up(self) -> None:
        """Aborts the connection, if there is one."""
        if self._wrapper is not None:
            self._wrapper.transport.abortConnection()
