"""The mail server that takes our mail, as the operator names it."""

import re
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from attrs import frozen

PORTS: Final = {"smtp": 587, "smtps": 465}  # RFC 6409, RFC 8314
HOST: Final = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")
ADDRESS: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9][A-Za-z0-9.-]{0,189}")


@frozen
class MailServer:
    """A mail server; `tls` if TLS comes before SMTP, else it is begun by STARTTLS."""

    host: str
    port: int
    tls: bool

    @property
    def loopback(self) -> bool:
        """Whether it is on this machine, so that nobody in between can listen."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost" or self.host.endswith(".localhost")  # RFC 6761 §6.3


def parse(url: str) -> MailServer:
    """Parses smtp://HOST:PORT or smtps://HOST:PORT; raises ValueError with the rest of a sentence."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError("is not an address such as smtp://mail.example.org:587") from None
    if "@" in parts.netloc:
        raise ValueError("has no place for a user and a password: give IAM_SMTP_USER and IAM_SMTP_PASSWORD")
    host = parts.hostname or ""
    if parts.scheme not in PORTS or not is_host(host) or parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ValueError("is not an address such as smtp://mail.example.org:587 or smtps://mail.example.org:465")
    return MailServer(host, PORTS[parts.scheme] if port is None else port, parts.scheme == "smtps")


def is_host(text: str) -> bool:
    """Whether the text is a name in ASCII, in lower case, or an IP address."""
    try:
        return bool(ip_address(text))
    except ValueError:
        return HOST.fullmatch(text) is not None
