"""From where a request really comes, where a proxy that we believe says so (H11)."""

import re
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from twisted.web.http_headers import Headers

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address
ONCE = (b"x-forwarded-proto", b"x-forwarded-host")
FOR = re.compile(r'for="?(?:\[(?P<six>[^\]]+)\]|(?P<four>[^;,":]+))(?::\d+)?"?', re.IGNORECASE)


class ForwardedError(Exception):
    """The headers contradict each other."""


def client_address(peer: str, headers: Headers, proxies: Sequence[Network]) -> str:
    """The address of the client: the peer, or the rightmost forwarded one that is no proxy of ours. Raises ForwardedError."""
    if not proxies or not among(peer, proxies):
        return peer
    if any(len(values(headers, name)) > 1 for name in ONCE):
        raise ForwardedError("X-Forwarded-Proto and X-Forwarded-Host have one value each.")
    forwarded, x_forwarded_for = values(headers, b"forwarded"), values(headers, b"x-forwarded-for")
    if forwarded and x_forwarded_for:
        raise ForwardedError("A request carries either Forwarded or X-Forwarded-For.")
    hops = [node(element) for element in forwarded] if forwarded else x_forwarded_for
    for hop in reversed(hops):
        if parsed(hop) is None:
            return peer
        if not among(hop, proxies):
            return hop
    return peer


def values(headers: Headers, name: bytes) -> list[str]:
    """The members of a list header, however many lines it came in."""
    lines = headers.getRawHeaders(name) or ()
    return [member.strip() for line in lines for member in line.decode("latin-1").split(",") if member.strip()]


def node(element: str) -> str:
    """The `for` of one element of Forwarded (RFC 7239 §6)."""
    match = FOR.search(element)
    return (match["six"] or match["four"]) if match else ""


def parsed(text: str) -> Address | None:
    """The address in this text, if it is one."""
    try:
        return ip_address(text)
    except ValueError:
        return None


def among(text: str, networks: Sequence[Network]) -> bool:
    """Is this address in one of the networks?"""
    address = parsed(text)
    return address is not None and any(
        address.version == network.version and address in network for network in networks
    )
