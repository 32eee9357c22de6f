"""How a request gets there: names are looked up by ourselves, and the address that was judged is the one that is dialled (H35)."""

from collections.abc import Callable
from functools import partial
from ipaddress import ip_address
from socket import EAI_AGAIN, EAI_SYSTEM, SOCK_STREAM, getaddrinfo
from threading import Thread
from typing import Any, Final

from twisted.internet.defer import Deferred
from twisted.internet.defer import TimeoutError as TimedOut
from twisted.internet.endpoints import TCP4ClientEndpoint, TCP6ClientEndpoint, wrapClientTLS
from twisted.internet.error import ConnectError
from twisted.internet.interfaces import IProtocol, IProtocolFactory, IStreamClientEndpoint
from twisted.internet.ssl import optionsForClientTLS
from twisted.protocols.policies import ProtocolWrapper, WrappingFactory
from twisted.web.client import URI
from twisted.web.iweb import IAgentEndpointFactory
from zope.interface import implementer

from iam.outbound.destinations import HTTPS, Address, Crowded, Destination, FetchError
from iam.reactor import Reactor

LOOK_UP: Final = 2.0  # seconds for one name
LOOK_UPS: Final = 8  # at once, those included that nobody waits for any more
OURS: Final = (EAI_AGAIN, EAI_SYSTEM)  # our resolver's failures, which say nothing of a name
CONNECT: Final = 2.0  # seconds for one address
ATTEMPTS: Final = 4  # addresses of one name
OCTETS: Final = 96 << 10  # that are read of one answer, with its headers

Look = Callable[[str], list[str]]


def system(name: str) -> list[str]:
    """The addresses that the system knows for a name; it may take its time."""
    return [str(sockaddr[0]) for *_, sockaddr in getaddrinfo(name, None, type=SOCK_STREAM)]


class NameResolver:
    """Looks names up in threads of its own: a resolver that is dead takes nobody else's, and holds up no exit."""

    def __init__(self, reactor: Reactor, look: Look = system, most: int = LOOK_UPS) -> None:
        self._reactor = reactor
        self._look = look
        self._most = most
        self._under_way = 0

    async def addresses(self, host: str) -> list[Address]:
        """Every address of a host; raises FetchError."""
        try:
            return [ip_address(host)]
        except ValueError:
            texts = await self._looked_up(host)
        return [ip_address(text) for text in dict.fromkeys(texts)]

    async def _looked_up(self, name: str) -> list[str]:
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
        except Exception as error:  # noqa: BLE001 - whatever it is, it belongs to who waits
            tell = partial(answer.errback, error)
        self._reactor.callFromThread(self._done, tell)

    def _done(self, tell: Callable[[], None]) -> None:
        self._under_way -= 1
        tell()


class Limited(ProtocolWrapper):
    """Hangs up on who sends more than an answer may have, headers and all."""

    left = OCTETS

    def dataReceived(self, data: bytes) -> None:
        """Pass on what is within the limit."""
        self.left -= len(data)
        if self.left >= 0:
            super().dataReceived(data)
        elif self.transport is not None:
            self.transport.abortConnection()


class Limiting(WrappingFactory):
    """Makes such protocols."""

    protocol = Limited
    noisy = False


@implementer(IStreamClientEndpoint, IAgentEndpointFactory)
class Line:
    """The way to the addresses of one destination, tried one after the other; good for one request."""

    def __init__(self, reactor: Reactor, destination: Destination, addresses: list[Address], trust_root: Any) -> None:
        self._reactor = reactor
        self._destination = destination
        self._addresses = addresses[:ATTEMPTS]
        self._trust_root = trust_root
        self._wrapper: Any = None

    def endpointForURI(self, uri: URI) -> IStreamClientEndpoint:
        """Whatever the address says, it is dialled here."""
        return self  # type: ignore[return-value]

    def connect(self, factory: IProtocolFactory) -> Deferred[IProtocol]:
        """Connect to the first address that answers."""
        return Deferred.fromCoroutine(self._connected(factory))

    async def _connected(self, factory: IProtocolFactory) -> IProtocol:
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
        """Nothing more is wanted, whatever is still to come."""
        if self._wrapper is not None:
            self._wrapper.transport.abortConnection()
