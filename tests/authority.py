"""A certification authority of our own, and certificates of it for servers on this machine."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import Any

from attrs import field, frozen
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from OpenSSL.SSL import TLS_SERVER_METHOD, Context
from twisted.internet import ssl


def certificate(name: str, issuer: Any = None) -> tuple[Any, x509.Certificate]:
    """A key and a certificate; one without issuer is that of a certification authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    signing_key, signing_name = (issuer[0], issuer[1].subject) if issuer else (key, subject)
    now = datetime.now(UTC)
    try:
        alternative: x509.GeneralName = x509.IPAddress(ip_address(name))
    except ValueError:
        alternative = x509.DNSName(name)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(signing_name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([alternative]), critical=False)
        .sign(signing_key, SHA256())
    )
    return key, made


@frozen
class Authority:
    """A certification authority."""

    pair: Any = field(factory=lambda: certificate("an authority"))

    @property
    def trust_root(self) -> Any:
        return ssl.trustRootFromCertificates([ssl.Certificate.loadPEM(self.pair[1].public_bytes(Encoding.PEM))])

    def options(self, name: str) -> Any:
        """What a server of this name serves TLS with."""
        return Serving(*certificate(name, self.pair))


class Serving(ssl.ContextFactory):
    """TLS with one certificate."""

    def __init__(self, key: Any, made: x509.Certificate) -> None:
        self.context = Context(TLS_SERVER_METHOD)
        self.context.use_certificate(made)
        self.context.use_privatekey(key)

    def getContext(self) -> Any:
        return self.context
