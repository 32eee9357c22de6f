"""The settings of who is in front of the server: proxies that are believed, and how the certificates of clients come."""

import re
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ValidationInfo, field_validator

from iam import schemes

NETLOC = re.compile(r"([a-z0-9._-]+|\[[0-9a-f:.]+\])(:[0-9]+)?")  # as browsers write it in Origin
HEADER = re.compile(r"[A-Za-z0-9-]{1,64}")


class ConnectionSettings(BaseModel):
    """These settings; `Settings` has the others."""

    proxy_headers: tuple[IPv4Network | IPv6Network | Literal["unix"], ...] = ()
    proxy_header: str | None = None
    mtls_listen: tuple[str, ...] = ()
    client_certificate_header: str | None = None
    mtls_url: str | None = None
    client_ca: Path | None = None

    @field_validator("proxy_header")
    @classmethod
    def header_of_a_proxy(cls, value: str | None, info: ValidationInfo) -> str | None:
        """Refuses a malformed header name, or one without trusted proxies: it would have no effect, silently."""
        if value is not None and not HEADER.fullmatch(value):
            raise ValueError("is not the name of a header such as X-Forwarded-For")
        if value is not None and not info.data.get("proxy_headers"):
            raise ValueError("needs --proxy-headers, which says whose header it is")
        return value

    @field_validator("client_certificate_header")
    @classmethod
    def header_with_certificates(cls, value: str | None, info: ValidationInfo) -> str | None:
        """Refuses a malformed header name, and one without trusted proxies: anybody could write it."""
        if value is not None and not HEADER.fullmatch(value):
            raise ValueError("is not the name of a header such as Client-Cert")
        if value is not None and not info.data.get("proxy_headers"):
            raise ValueError("needs --proxy-headers, which says whose header it is")
        return value

    @field_validator("mtls_url")
    @classmethod
    def address_of_mutual_tls(cls, value: str | None, info: ValidationInfo) -> str | None:
        """Refuses all but an https origin, which clients have to be told of if it is a port of ours."""
        asks, header = info.data.get("mtls_listen"), info.data.get("client_certificate_header")
        if value is None:
            if asks:
                raise ValueError("is needed with --mtls-listen: it tells clients where that is")
            return value
        if not asks and not header:
            raise ValueError("needs --mtls-listen or --client-certificate-header, by which certificates come")
        netloc = value.removeprefix("https://")
        if netloc == value or not NETLOC.fullmatch(netloc) or urlsplit(value).port == schemes.USUAL_PORTS["https"]:
            raise ValueError("is not an address such as https://mtls.example.org; the issuer's path follows by itself")
        return value

    @field_validator("client_ca")
    @classmethod
    def authorities_of_clients(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        """Refuses a file without certificates, and authorities of certificates that never come."""
        if value is None:
            return value
        if not info.data.get("mtls_listen") and not info.data.get("client_certificate_header"):
            raise ValueError("needs --mtls-listen or --client-certificate-header, by which certificates come")
        from cryptography.x509 import load_pem_x509_certificates

        try:
            load_pem_x509_certificates(value.read_bytes())
        except OSError as error:
            raise ValueError(f"cannot be read: {value}: {error.strerror}") from None
        except ValueError:
            raise ValueError(f"holds no certificates in PEM, or what is none: {value}") from None
        return value

    @property
    def mutual_tls(self) -> bool:
        """Whether clients can show certificates (RFC 8705)."""
        return bool(self.mtls_listen or self.client_certificate_header)
