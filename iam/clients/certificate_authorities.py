"""The authorities whose certificates authenticate clients (RFC 8705 §2.1)."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import ExtendedKeyUsageOID
from OpenSSL.crypto import X509, X509Store, X509StoreContext, X509StoreContextError

PURPOSES = (ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE)


class Authorities:
    """The authorities in a PEM file, which may hold those between them and clients too. Raises ValueError and OSError."""

    def __init__(self, file: Path) -> None:
        found = x509.load_pem_x509_certificates(file.read_bytes())
        self._believed = [X509.from_cryptography(each) for each in found]

    def complaint(self, certificate: x509.Certificate, chain: Sequence[x509.Certificate], now: datetime) -> str | None:
        """Returns why the certificate does not authenticate anybody at this moment, or None (RFC 5280 §6)."""
        if not for_clients(certificate):
            return "not for clients, as its extended key usage says"
        if any(weakly_signed(each) for each in (certificate, *below_roots(chain))):
            return "signed over a digest such as SHA-1, for which somebody may make another certificate"
        sent = [X509.from_cryptography(each) for each in chain]
        try:
            X509StoreContext(self._store(now), X509.from_cryptography(certificate), sent).verify_certificate()
        except X509StoreContextError as error:
            return str(error)
        return None

    def _store(self, now: datetime) -> X509Store:
        """Returns a new store: the moment that one is given first stays with it."""
        store = X509Store()
        for each in self._believed:
            store.add_cert(each)
        store.set_time(now)
        return store


def for_clients(certificate: x509.Certificate) -> bool:
    """Checks that the certificate may authenticate a client: one without extended key usages may (RFC 5280 §4.2.1.12)."""
    try:
        usages = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return True
    return any(each in usages for each in PURPOSES)


def weakly_signed(certificate: x509.Certificate) -> bool:
    """Checks that a signature is over a digest shorter than SHA-256, or of an unknown kind; OpenSSL takes even SHA-1 here."""
    try:
        digest = certificate.signature_hash_algorithm
    except UnsupportedAlgorithm:
        return True
    return digest is not None and digest.digest_size < SHA256.digest_size


def below_roots(chain: Sequence[x509.Certificate]) -> Iterator[x509.Certificate]:
    """Yields the certificates whose signatures count: a root is believed by the file, or not at all."""
    return (each for each in chain if each.issuer != each.subject)
