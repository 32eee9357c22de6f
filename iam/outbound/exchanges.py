"""One request to somebody else's address, and the reading of its answer, under the rules of H35."""

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from twisted.internet.error import ConnectError, ConnectionClosed
from twisted.internet.ssl import platformTrust
from twisted.web.http_headers import Headers
from twisted.web.iweb import IResponse

from iam.outbound.connecting import Line, NameResolver
from iam.outbound.destinations import Destination, FetchError, Networks, check
from iam.reactor import Reactor

if TYPE_CHECKING:
    from twisted.web.client import FileBodyProducer

T = TypeVar("T")


class Exchanges:
    """Looks a host up, checks its addresses and dials them; `private` networks may be reached besides the public ones."""

    def __init__(
        self, reactor: Reactor, resolver: NameResolver, private: Networks = (), trust_root: Any = None
    ) -> None:
        self._reactor = reactor
        self._resolver = resolver
        self._private = private
        self._trust_root = trust_root or platformTrust()

    async def made(
        self,
        method: bytes,
        destination: Destination,
        headers: Mapping[bytes, bytes],
        read: Callable[[IResponse], Awaitable[T]],
        body: "FileBodyProducer | None" = None,
    ) -> T:
        """Sends a request, following no redirect, returns what `read` makes of the answer, and closes the connection; raises FetchError."""
        from twisted.web.client import Agent, RequestTransmissionFailed, ResponseFailed

        addresses = await self._resolver.addresses(destination.host)
        if not addresses:
            raise FetchError(f"{destination.host} has no address")
        check(destination, addresses, self._private)
        line = Line(self._reactor, destination, addresses, self._trust_root)
        agent = Agent.usingEndpointFactory(self._reactor, line)
        sent = Headers({name: [value] for name, value in {b"User-Agent": b"iam", **headers}.items()})
        try:
            return await read(await agent.request(method, destination.url.encode(), sent, body))
        except (ConnectError, ConnectionClosed, ResponseFailed, RequestTransmissionFailed, UnicodeError) as error:
            raise FetchError(reason_of(error)) from None
        finally:
            line.hang_up()


def reason_of(error: Exception) -> str:
    """Returns the text of an error, or of its first cause."""
    inner = getattr(error, "reasons", None)
    return str(inner[0].value if inner else error) or type(error).__name__
