"""Reads the certificate of a client: of a connection of ours, or in the header of the proxy that ended it (RFC 9440)."""

import re
from base64 import b64decode
from functools import lru_cache
from typing import Any, Final
from urllib.parse import unquote_to_bytes

from OpenSSL.crypto import FILETYPE_ASN1, dump_certificate

from iam.records.certificate import Certificate

REMEMBERED: Final = 256  # values of the header
PEM: Final = re.compile(rb"-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----\s*")
BLANK: Final = re.compile(rb"\s+")


class CertificateError(ValueError):
    """A header holds no certificate; the message is a sentence that says why."""


def shown(transport: Any) -> Certificate | None:
    """Returns the certificate that the client has shown on this TLS connection, None if it showed none."""
    certificate = transport.getPeerCertificate()
    if certificate is None:
        return None
    sent = transport.getHandle().get_peer_cert_chain() or ()
    der, *chain = (dump_certificate(FILETYPE_ASN1, each) for each in (certificate, *sent))
    return Certificate(der, tuple(each for each in chain if each != der))


@lru_cache(maxsize=REMEMBERED)
def read(value: bytes) -> Certificate | None:
    """Returns the one certificate in the value of a header, None if that is empty. Raises CertificateError.

    It is a byte sequence (RFC 9440 §2.1), PEM, as it is or percent-encoded, or the base64 of DER.
    """
    from cryptography.x509 import load_der_x509_certificate

    if not value.strip():
        return None
    try:
        der = b64decode(encoded(value.strip()), validate=True)
        load_der_x509_certificate(der)
    except ValueError:
        raise CertificateError("It holds no certificate in DER or PEM, or more than one.") from None
    return Certificate(der)


def encoded(value: bytes) -> bytes:
    """Returns the base64 of a certificate in one of these forms; what is none of them is no base64 either."""
    if value[:1] == b":" and value[-1:] == b":":
        return value[1:-1]
    text = unquote_to_bytes(value)
    pem = PEM.fullmatch(text)
    return BLANK.sub(b"", pem[1]) if pem else text
