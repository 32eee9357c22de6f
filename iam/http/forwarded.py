"""The address that a request comes from, also behind proxies that we trust (H11; RFC 7239)."""

import re
from collections.abc import Callable, Iterable
from functools import lru_cache, partial
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final, Self

from attrs import field, frozen
from twisted.web.http_headers import Headers

from iam.networks import KNOWN

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address

UNIX: Final = "unix"  # every peer on a unix socket
UNKNOWN: Final = "unknown"  # the address could not be read: never replaced by the proxy's own

FORWARDED: Final = "Forwarded"
X_FORWARDED_FOR: Final = "X-Forwarded-For"
OTHERS: Final = ("X-Real-IP", "CF-Connecting-IP", "True-Client-IP", "Fly-Client-IP", "X-Client-IP", "X-Azure-ClientIP")
ALL: Final = tuple((name, name.encode()) for name in (X_FORWARDED_FOR, FORWARDED, *OTHERS))

PORT: Final = r"(?::(?:[0-9]{1,5}|_[A-Za-z0-9._-]+))?"  # RFC 7239 §6: a number, or a name that hides it
NODE: Final = re.compile(rf"\[(?P<six>[^\]]+)\]{PORT}|(?P<four>[0-9.]+){PORT}")
TOKEN: Final = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
PAIR: Final = re.compile(rf'\s*({TOKEN})=(?:"((?:[^"\\]|\\.)*)"|([^\s",;]*))\s*([;,]|$)')
EMPTY: Final = re.compile(r"[\s,;]*")
LONGEST: Final = 100  # characters of an address with its port and brackets
SHOWN: Final = 100  # characters of a header in the log


@frozen
class Whence:
    """The address that a request comes from, and a complaint for the operator if the headers were doubtful."""

    address: str
    complaint: str = ""


@frozen
class Proxies:
    """The proxies that we trust: peers in `networks` and, with `sockets`, on unix sockets; `header` is the one they write."""

    networks: tuple[Network, ...] = ()
    sockets: bool = False
    header: str | None = None
    _within: Callable[[str], bool] = field(init=False, repr=False, eq=False)  # with a cache

    @_within.default
    def _remembering(self) -> Callable[[str], bool]:
        return lru_cache(maxsize=KNOWN)(partial(within, self.networks))

    @classmethod
    def among(cls, believed: Iterable[Network | str], header: str | None = None) -> Self:
        """Builds the proxies that --proxy-headers and --proxy-header name."""
        several = tuple(believed)
        networks = tuple(one for one in several if not isinstance(one, str))
        return cls(networks, UNIX in several, header)

    def believed(self, peer: str) -> bool:
        """Whether this peer is a trusted proxy; a peer without an address is on a unix socket."""
        if not peer:
            return self.sockets
        return bool(self.networks) and self._within(peer)

    def whence(self, peer: str, headers: Headers) -> Whence:
        """Returns the peer or, if that is a trusted proxy, the rightmost forwarded address that is none."""
        if not self.believed(peer):
            return direct(peer)
        name, complaint = self.chosen(headers)
        if name is None:
            return Whence(UNKNOWN if complaint else plain(peer), complaint)
        return follow(self, name, hops(name, headers), complaint)

    def chosen(self, headers: Headers) -> tuple[str | None, str]:
        """Returns the header to trust, None if there is none, and a complaint about the choice or ""."""
        there = [name for name, sent in ALL if headers.hasHeader(sent)]
        if self.header is not None:
            return (self.header if there or headers.hasHeader(self.header) else None), ""
        if {X_FORWARDED_FOR, FORWARDED} <= {*there}:
            return X_FORWARDED_FOR, f"{X_FORWARDED_FOR} and {FORWARDED} came together, the first is believed"
        if there and there[0] in OTHERS:
            return None, f"only {there[0]} came, which must be named to be believed"
        return (there[0] if there else None), ""


def within(networks: tuple[Network, ...], text: str) -> bool:
    """Whether this text is an address in one of the networks."""
    address = parse_address(text)
    return address is not None and any(
        address.version == network.version and address in network for network in networks
    )


def follow(proxies: Proxies, name: str, found: list[str], complaint: str = "") -> Whence:
    """Follows the hops of a header backwards as long as they are trusted proxies, and returns the address where that ends."""
    address = None
    for hop in reversed(found):
        if parse_address(hop) is None:
            return Whence(UNKNOWN, f"{name} names no address: {hop[:SHOWN]!r}")
        address = plain(hop)
        if not proxies.believed(address):
            break
    if address is None:
        return Whence(UNKNOWN, f"{name} is missing or empty")
    return Whence(address, complaint)


def hops(name: str, headers: Headers) -> list[str]:
    """Returns what a header says about each hop, from the client on, over all its lines."""
    lines = [line.decode("latin-1") for line in headers.getRawHeaders(name.encode()) or ()]
    if name.lower() == FORWARDED.lower():
        return [node for line in lines for node in nodes(line)]
    return [member.strip().strip('"') for line in lines for member in line.split(",") if member.strip()]


def nodes(line: str) -> list[str]:
    """Returns the `for` of each element of Forwarded (RFC 7239 §4); for a malformed line the line itself, which is no address."""
    found, element, position = [], [], EMPTY.match(line).end()  # type: ignore[union-attr]
    while position < len(line):
        pair = PAIR.match(line, position)
        if pair is None:
            return [line]
        name, quoted, token, end = pair.groups()
        element += [quoted if quoted is not None else token] if name.lower() == "for" else []
        position = pair.end()
        if end != ";" or position == len(line):
            found.append(element[0] if len(element) == 1 else "")
            element, position = [], EMPTY.match(line, position).end()  # type: ignore[union-attr]
    return found


def parse_address(text: str) -> Address | None:
    """Parses an address, with port, zone and brackets removed and IPv4-mapped IPv6 as IPv4; None if it is none."""
    return node_of(text) if len(text) <= LONGEST else None


@lru_cache(maxsize=KNOWN)
def node_of(text: str) -> Address | None:
    """Parses an address in a short text, with a cache; None if it is none."""
    node = NODE.fullmatch(text)
    try:
        address = ip_address(((node["six"] or node["four"]) if node else text).partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


@lru_cache(maxsize=KNOWN)
def direct(peer: str) -> Whence:
    """Returns where a request of this peer comes from, if no header says otherwise."""
    return Whence(plain(peer))


@lru_cache(maxsize=KNOWN)
def plain(peer: str) -> str:
    """Returns a peer's address in canonical form, without port, zone and brackets; "" for a peer on a unix socket."""
    return str(parse_address(peer) or peer)
