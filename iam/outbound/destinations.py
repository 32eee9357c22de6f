"""Where a request may go: what an address must look like, and which hosts are everybody's (H35)."""

import re
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final
from urllib.parse import SplitResult, urlsplit

from attrs import frozen

Address = IPv4Address | IPv6Address
Networks = tuple[IPv4Network | IPv6Network, ...]

HTTPS, HTTP = "https", "http"
PORTS: Final = {HTTPS: 443, HTTP: 80}
URL: Final = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,2048}")  # printable, no quotation mark, no backslash
# The last label begins with a letter: neither a number in any spelling (`127.1`, `0x7f000001`, `0`) nor a trailing dot.
NAME: Final = re.compile(r"(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?")

UNICAST: Final = IPv6Network("2000::/3")  # mapped IPv4, NAT64, ULA, link-local, site-local and multicast are outside
SPECIAL: Final[Networks] = (
    IPv6Network("2001::/23"),  # protocol assignments, Teredo
    IPv6Network("2001:db8::/32"),  # documentation
    IPv6Network("2002::/16"),  # 6to4: there is an IPv4 address in it
    IPv6Network("3fff::/20"),  # documentation
    IPv4Network("192.0.0.0/24"),  # protocol assignments
    IPv4Network("192.88.99.0/24"),  # 6to4 relays
)


class FetchError(Exception):
    """Why something was not fetched; for the log, since it tells about networks that are nobody's business."""


class Crowded(FetchError):
    """It is our own lack, of places or of an answer of the resolver: nothing is known of the address, and nothing remembered."""


@frozen
class Destination:
    """An address taken apart: `host` is a name in lower case or an IP address."""

    scheme: str
    host: str
    port: int
    target: str  # path and query

    @property
    def url(self) -> str:
        """The address put together again, so that nobody reads it otherwise than we did."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}{self.target}"


def parse(url: str) -> Destination:
    """The destination that `url` names; raises FetchError for what is no plain https address."""
    sentence = complaint(url, private=True)
    if sentence:
        raise FetchError(sentence)
    parts = urlsplit(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Destination(parts.scheme, parts.hostname or "", parts.port or PORTS[parts.scheme], target)


def complaint(url: str, *, private: bool, example: str = "jwks.json") -> str | None:
    """What is wrong with an address as such; `private`: could it be one of a private network that may be reached?"""
    try:
        parts = urlsplit(url)
        good = URL.fullmatch(url) and parts.scheme in PORTS and parts.port != 0
    except ValueError:
        return f"Give an address such as https://client.example.org/{example}."
    if not good or "#" in url or not host_is_plain(parts):
        return f"Give an address such as https://client.example.org/{example}, without user, fragment or spaces."
    if not private and (parts.scheme != HTTPS or parts.port not in (None, PORTS[HTTPS])):
        return "The address must begin with https:// and have no port of its own, where no --allow-fetch is set."
    return None


def host_is_plain(parts: SplitResult) -> bool:
    """Is there only a host and perhaps a port, and the host a name, or an IP address in its usual spelling?"""
    host = parts.hostname or ""
    bracketed = f"[{host}]" if ":" in host else host
    if parts.netloc.lower() != bracketed + ("" if parts.port is None else f":{parts.port}"):
        return False
    try:
        return str(ip_address(host)) == host and "%" not in host
    except ValueError:
        return NAME.fullmatch(host) is not None


def check(destination: Destination, addresses: Iterable[Address], private: Networks) -> None:
    """Raise FetchError unless every address of the destination is everybody's or in a `private` network that may be reached.

    Only in those there may be http, and other ports.
    """
    foreign = [address for address in addresses if not within(address, private)]
    for address in foreign:
        if not public(address):
            raise FetchError(f"{address} is not a public address (--allow-fetch allows private ones)")
    if foreign and (destination.scheme != HTTPS or destination.port != PORTS[HTTPS]):
        raise FetchError("only https on port 443 is allowed outside of --allow-fetch")


def within(address: Address, networks: Networks) -> bool:
    """Is it in one of these networks?"""
    return any(address in network for network in networks)


def public(address: Address) -> bool:
    """Is it global unicast, with no other address inside?"""
    if isinstance(address, IPv6Address) and (address not in UNICAST or address.scope_id is not None):
        return False
    special = within(address, SPECIAL) or address.is_multicast or address.is_reserved
    return address.is_global and not special
