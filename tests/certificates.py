"""Certificates of clients, and the authorities that make them (RFC 8705)."""

from base64 import b64encode
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from attrs import field, frozen
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from joserfc.jwk import ECKey, RSAKey
from OpenSSL.crypto import X509, PKey

from iam.records.certificate import Certificate

CLIENTS = (ExtendedKeyUsageOID.CLIENT_AUTH,)
SERVERS = (ExtendedKeyUsageOID.SERVER_AUTH,)


def subject(name: str, organization: str | None = "Example") -> x509.Name:
    """CN=name,O=Example as RFC 4514 writes it."""
    told = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization)] if organization else []
    return x509.Name([*told, x509.NameAttribute(NameOID.COMMON_NAME, name)])


@frozen
class Shown:
    """A certificate with its private key, which is its own issuer unless `issuer` is another."""

    name: str = "client"
    issuer: "Shown | None" = None
    authority: bool = False
    days: tuple[float, float] = (-1, 1)
    usages: Sequence[Any] | None = CLIENTS
    names: Sequence[x509.GeneralName] = ()
    organization: str | None = "Example"
    extensions: Sequence[x509.ExtensionType] = ()
    old: bool = False  # is it signed as it was done once, with SHA-1?
    key: Any = field(factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    made: x509.Certificate = field(init=False)

    @made.default
    def _make(self) -> x509.Certificate:
        own = subject(self.name, self.organization)
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(own)
            .issuer_name(self.issuer.made.subject if self.issuer else own)
            .public_key(self.key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + timedelta(days=self.days[0]))
            .not_valid_after(now + timedelta(days=self.days[1]))
            .add_extension(x509.BasicConstraints(ca=self.authority, path_length=None), critical=True)
        )
        if self.usages is not None and not self.authority:
            builder = builder.add_extension(x509.ExtendedKeyUsage(self.usages), critical=False)
        if self.names:
            builder = builder.add_extension(x509.SubjectAlternativeName(self.names), critical=False)
        for extension in self.extensions:
            builder = builder.add_extension(extension, critical=False)
        signing = self.issuer.key if self.issuer else self.key
        made = builder.sign(signing, SHA256())
        return with_sha1(made, signing) if self.old else made

    @property
    def der(self) -> bytes:
        return self.made.public_bytes(Encoding.DER)

    @property
    def pem(self) -> bytes:
        return self.made.public_bytes(Encoding.PEM)

    @property
    def digest(self) -> str:
        """What tokens that are bound to it name it by."""
        return Certificate(self.der).digest

    @property
    def header(self) -> dict[str, Any]:
        """The header of a proxy to which it was shown (RFC 9440 §2.1)."""
        return {"Client-Cert": f":{b64encode(self.der).decode()}:"}

    def jwk(self, *, x5c: bool = True) -> dict[str, Any]:
        """Its key, with the certificate or without."""
        kind = RSAKey if isinstance(self.key, rsa.RSAPrivateKey) else ECKey
        public = kind.import_key(
            self.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        ).as_dict(private=False)
        return {**public, **({"x5c": [b64encode(self.der).decode()]} if x5c else {})}

    def write(self, directory: Path) -> tuple[Path, Path]:
        """The files of certificate and key."""
        certificate, key = directory / f"{self.name}.pem", directory / f"{self.name}.key"
        certificate.write_bytes(self.pem)
        key.write_bytes(self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return certificate, key


def authority(name: str = "authority", issuer: Shown | None = None) -> Shown:
    """An authority, of its own or below another."""
    return Shown(name, issuer, authority=True)


def with_sha1(certificate: x509.Certificate, key: Any) -> x509.Certificate:
    """The same certificate, signed over another digest: cryptography refuses that, OpenSSL does not."""
    made = X509.from_cryptography(certificate)
    with pytest.deprecated_call():
        made.sign(PKey.from_cryptography_key(key), "sha1")
    return made.to_cryptography()
