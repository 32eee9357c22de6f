"""Where the certificates of clients come from: ports of ours that ask for them, and a header of proxies that are believed.

Others' headers are ignored, whoever sends them (RFC 8705 §6.5, RFC 9440 §4).
"""

from collections.abc import Callable
from typing import Any, Protocol

from attrs import frozen
from twisted.internet.interfaces import IAddress, IProtocolNegotiationFactory
from twisted.internet.protocol import Factory
from twisted.web.http_headers import Headers
from zope.interface import implementer

from iam.http import certificates
from iam.http.certificates import CertificateError
from iam.http.forwarded import Proxies
from iam.records.certificate import Certificate
from iam.settings import Settings


class Asked(Protocol):
    """A connection, on which clients may have been asked for a certificate."""

    asks: bool

    @property
    def certificate(self) -> Certificate | None:
        """The certificate that the client has shown."""


@frozen
class MutualTLS:
    """How certificates are found; `host` is that of the address at which clients show them (RFC 8705 §5)."""

    host: str | None
    header: bytes | None
    believed: Callable[[str], bool]

    def certificate(self, connection: Asked, peer: str, headers: Headers) -> Certificate | None:
        """Returns the certificate of who sent a request, None if there is none. Raises CertificateError.

        On a port of ours that asks for certificates no header counts.
        """
        if connection.asks:
            return connection.certificate
        if self.header is None or not self.believed(peer):
            return None
        lines = headers.getRawHeaders(self.header)
        if lines is not None and len(lines) > 1:
            raise CertificateError("It came twice.")
        return certificates.read(lines[0]) if lines else None


def mutual_tls(settings: Settings, proxies: Proxies) -> MutualTLS | None:
    """Returns how certificates are found by these settings, None if there are none."""
    if not settings.mutual_tls:
        return None
    header = settings.client_certificate_header
    return MutualTLS(settings.mtls_host, header.encode() if header else None, proxies.believed)


@implementer(IProtocolNegotiationFactory)
class Asking(Factory):
    """The factory of connections on a port that asks for certificates; all else is as on the other ports of the site."""

    noisy = False

    def __init__(self, site: Any) -> None:
        self._site = site

    def acceptableProtocols(self) -> list[bytes]:
        """Returns the protocols for ALPN."""
        return list(self._site.acceptableProtocols())

    def doStart(self) -> None:
        """Counts the port among those of the site."""
        self._site.doStart()

    def doStop(self) -> None:
        """Takes the port from those of the site."""
        self._site.doStop()

    def buildProtocol(self, addr: IAddress | None) -> Any:
        """Accepts a connection as the site does; None if there are too many."""
        connection = self._site.buildProtocol(addr)
        if connection is not None:
            connection.asks = True
        return connection
