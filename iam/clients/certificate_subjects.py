"""The subjects of clients' certificates, one of which a client with tls_client_auth registers (RFC 8705 §2.1.2)."""

from collections.abc import Callable, Iterable, Mapping
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.x509.oid import NameOID

from iam.records.client import SUBJECTS, Client

DN, DNS, URI, IP, EMAIL = SUBJECTS
# Names of attributes that RFC 4514 §3 lacks, as OpenSSL writes them.
NAMES: Final = {
    "emailAddress": NameOID.EMAIL_ADDRESS,
    "serialNumber": NameOID.SERIAL_NUMBER,
    "organizationIdentifier": NameOID.ORGANIZATION_IDENTIFIER,
}


def name(text: str) -> object:
    """Returns a distinguished name (RFC 4514), which compares by attributes. Raises ValueError."""
    read = x509.Name.from_rfc4514_string(text, NAMES)
    if not read.rdns:
        raise ValueError
    return read


def host(text: str) -> object:
    """Returns a DNS name, in lower case. Raises ValueError."""
    return words(text).lower()


def mailbox(text: str) -> object:
    """Returns an e-mail address, whose host is in lower case (RFC 5280 §7.5). Raises ValueError."""
    local, at, where = words(text).rpartition("@")
    if not (local and at and where):
        raise ValueError
    return f"{local}@{where.lower()}"


def uri(text: str) -> object:
    """Returns a URI as it is. Raises ValueError unless it has a scheme."""
    if not urlsplit(text).scheme:
        raise ValueError
    return words(text)


def words(text: str) -> str:
    """Returns the text. Raises ValueError if it is empty or has blanks or what no certificate has there."""
    if not text or not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError
    return text


# How the values of each member are read, so that those of a certificate compare with it.
READERS: Final[Mapping[str, Callable[[str], object]]] = {
    DN: name,
    DNS: host,
    URI: uri,
    IP: ip_address,
    EMAIL: mailbox,
}
KINDS: Final[Mapping[str, type[Any]]] = {
    DNS: x509.DNSName,
    URI: x509.UniformResourceIdentifier,
    IP: x509.IPAddress,
    EMAIL: x509.RFC822Name,
}


def well_formed(member: str, value: str) -> bool:
    """Checks that a certificate could have this subject."""
    try:
        READERS[member](value)
    except ValueError:
        return False
    return True


def fits(client: Client, certificate: x509.Certificate) -> bool:
    """Checks that the certificate has the subject that the client is registered with, whole."""
    member = next((each for each in SUBJECTS if getattr(client, each) is not None), None)
    if member is None:
        return False
    expected = READERS[member](getattr(client, member))
    return expected in ([certificate.subject] if member == DN else list(alternative(member, certificate)))


def alternative(member: str, certificate: x509.Certificate) -> Iterable[object]:
    """Yields the subject alternative names of one kind; those that are malformed are left out."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return
    for found in names.get_values_for_type(KINDS[member]):
        if well_formed(member, str(found)):
            yield READERS[member](str(found))
