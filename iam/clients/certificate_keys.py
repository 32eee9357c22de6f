"""The keys of clients with self_signed_tls_client_auth, and the certificates among them (RFC 8705 §2.2.2)."""

from base64 import b64decode
from collections.abc import Mapping
from typing import Any

from attrs import frozen
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from iam.clients import key_sets
from iam.clients.key_sets import KeySetError, VerificationKey


@frozen
class CertificateKey:
    """A key, as SubjectPublicKeyInfo in DER, and the certificate that the client has registered for it, if any, in DER."""

    key: bytes
    certificate: bytes | None

    def shows(self, certificate: x509.Certificate) -> bool:
        """Checks that the certificate is the registered one, or has the key if none is registered."""
        same = self.certificate in (None, certificate.public_bytes(Encoding.DER))
        return same and self.key == key_of(certificate)


def read(document: object) -> tuple[CertificateKey, ...]:
    """Returns the keys of a key set with which certificates may be made; those of unknown kinds are skipped.

    Raises KeySetError if there is none, or if the key set is invalid.
    """
    found = [(member, key_sets.verification_key(member)) for member in key_sets.members(document)]
    keys = tuple(certificate_key(member, key) for member, key in found if key is not None)
    if not keys:
        raise KeySetError("The key set has no public key of a certificate: RSA, P-256, P-384 or Ed25519.")
    return keys


def certificate_key(member: Mapping[str, Any], key: VerificationKey) -> CertificateKey:
    """Returns the key of one JWK. Raises KeySetError if its x5c is not a certificate of this key (RFC 7517 §4.7)."""
    info = key.key.as_der(private=False)
    if "x5c" not in member:
        return CertificateKey(info, None)
    try:
        der = b64decode(member["x5c"][0], validate=True)
        right = key_of(x509.load_der_x509_certificate(der)) == info
    except (ValueError, TypeError, LookupError):
        right = False
    if not right:
        raise KeySetError(f"The x5c of the key {key_sets.called(key.kid)} does not begin with a certificate of it.")
    return CertificateKey(info, der)


def key_of(certificate: x509.Certificate) -> bytes:
    """Returns the public key of a certificate, as SubjectPublicKeyInfo in DER.

    Raises ValueError for a weak RSA key, and for one of an unknown kind.
    """
    try:
        key = certificate.public_key()
    except UnsupportedAlgorithm as error:
        raise ValueError(str(error)) from None
    if isinstance(key, RSAPublicKey):
        key_sets.refuse_weak(key.key_size, key.public_numbers().e.bit_length())
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
