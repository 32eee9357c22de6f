"""Client authentication by the certificate of the connection (RFC 8705 §2).

The client holds the private key of whatever certificate came; here is judged whose it is.
"""

from typing import Final

from cryptography import x509
from OpenSSL.crypto import Error

from iam.clients import assertions, certificate_keys, certificate_subjects
from iam.clients.certificate_authorities import Authorities
from iam.clients.keys import ClientKeys
from iam.clock import Clock
from iam.oauth.errors import InvalidClientError
from iam.oauth.reasons import Reason, carrying, shown
from iam.outbound.destinations import FetchError
from iam.records.certificate import Certificate
from iam.records.client import TLS, Client
from iam.service import service

CHECK: Final = "client certificate"
NO_AUTHORITY: Final = "by an authority, of which this server has none: it needs --client-ca"
OTHER_SUBJECT: Final = "of another subject than the one that the application is registered with"
OTHER_KEY: Final = "none of those among the application's keys"
# What the libraries raise for certificates, once somebody looks at the part that is malformed.
MALFORMED: Final = (ValueError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType, Error)
UNREADABLE: Final = "malformed, or with a key that is too weak"


@service
class ClientCertificates:
    """Judges certificates; `authorities` are those that this server believes."""

    keys: ClientKeys
    clock: Clock
    authorities: Authorities | None = None

    async def prove(self, client: Client, certificate: Certificate) -> None:
        """Accepts the certificate as the client's proof. Raises InvalidClientError if it is none."""
        try:
            complaint = await self._complaint(client, certificate)
        except FetchError as error:
            complaint = f"not compared: the application's keys cannot be fetched: {error}"
        except MALFORMED:
            complaint = UNREADABLE
        if complaint is not None:
            expected = f"one that proves the application, as {client.auth_method} says"
            reason = Reason(CHECK, expected, shown(complaint), client_id=client.id)
            raise carrying(InvalidClientError(assertions.UNPROVEN), reason)

    async def _complaint(self, client: Client, certificate: Certificate) -> str | None:
        """Returns why the certificate is not the client's, or None. Raises one of MALFORMED, and FetchError."""
        read = x509.load_der_x509_certificate(certificate.der)
        certificate_keys.key_of(read)
        if client.auth_method == TLS:
            return self._complaint_of_authority(client, certificate, read)
        async for keys in self.keys.for_certificates(client):  # RFC 8705 §2.2: its dates and its issuer do not count
            if any(key.shows(read) for key in keys):
                return None
        return OTHER_KEY

    def _complaint_of_authority(self, client: Client, certificate: Certificate, read: x509.Certificate) -> str | None:
        if self.authorities is None:
            return NO_AUTHORITY
        chain = [x509.load_der_x509_certificate(each) for each in certificate.chain]
        complaint = self.authorities.complaint(read, chain, self.clock.now())
        return complaint or (None if certificate_subjects.fits(client, read) else OTHER_SUBJECT)
