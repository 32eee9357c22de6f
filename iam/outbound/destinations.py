"""Where a request may go: what a URL must look like, and which addresses are public (H35)."""

import re
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final
from urllib.parse import SplitResult, urlsplit

from attrs import frozen

from iam.schemes import USUAL_PORTS

Address = IPv4Address | IPv6Address
Networks = tuple[IPv4Network | IPv6Network, ...]

HTTPS: Final = "https"
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
    """Why a fetch failed; for the log alone, because the sentence may tell about private networks."""


class Crowded(FetchError):
    """A failure on our side, no free place or no answer of the resolver: it says nothing about the address, and is not remembered."""


@frozen
class Destination:
    """A URL in its parts; `host` is a name in lower case or an IP address."""

    scheme: str
    host: str
    port: int
    target: str  # path and query

    @property
    def url(self) -> str:
        """The URL built from the parts, so that the HTTP client reads it exactly as it was checked."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == USUAL_PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}{self.target}"


def parse(url: str) -> Destination:
    """Parses `url`; raises FetchError unless it is a plain http or https URL."""
    sentence = complaint(url, private=True)
    if sentence:
        raise FetchError(sentence)
    parts = urlsplit(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Destination(parts.scheme, parts.hostname or "", parts.port or USUAL_PORTS[parts.scheme], target)


def complaint(url: str, *, private: bool, example: str = "jwks.json") -> str | None:
    """Returns the sentence that says what is wrong with a URL, or None; `private` allows http and other ports, for private networks."""
    try:
        parts = urlsplit(url)
        good = URL.fullmatch(url) and parts.scheme in USUAL_PORTS and parts.port != 0
    except ValueError:
        return f"Give an address such as https://client.example.org/{example}."
    if not good or "#" in url or not host_is_plain(parts):
        return f"Give an address such as https://client.example.org/{example}, without user, fragment or spaces."
    if not private and (parts.scheme != HTTPS or parts.port not in (None, USUAL_PORTS[HTTPS])):
        return "The address must begin with https:// and have no port of its own, where no --allow-fetch is set."
    return None


def host_is_plain(parts: SplitResult) -> bool:
    """Whether the authority is a host and at most a port, and the host a name or an IP address in its canonical spelling."""
    host = parts.hostname or ""
    bracketed = f"[{host}]" if ":" in host else host
    if parts.netloc.lower() != bracketed + ("" if parts.port is None else f":{parts.port}"):
        return False
    try:
        return str(ip_address(host)) == host and "%" not in host
    except ValueError:
        return NAME.fullmatch(host) is not None


def check(destination: Destination, addresses: Iterable[Address], private: Networks) -> None:
    """Raises FetchError unless every address of the destination is public or in one of the `private` networks.

    Only those networks may be reached over http and at other ports than 443.
    """
    foreign = [address for address in addresses if not within(address, private)]
    for address in foreign:
        if not public(address):
            raise FetchError(f"{address} is not a public address (--allow-fetch allows private ones)")
    if foreign and (destination.scheme != HTTPS or destination.port != USUAL_PORTS[HTTPS]):
        raise FetchError("only https on port 443 is allowed outside of --allow-fetch")


def within(address: Address, networks: Networks) -> bool:
    """Whether the address is in one of these networks."""
    return any(address in network for network in networks)


def public(address: Address) -> bool:
    """Whether the address is global unicast and embeds no other address, as 6to4 and Teredo do."""
    if isinstance(address, IPv6Address) and (address not in UNICAST or address.scope_id is not None):
        return False
    special = within(address, SPECIAL) or address.is_multicast or address.is_reserved
    return address.is_global and not special
