"""The network of an address, by which everything is counted and limited: one IPv6 customer has billions of addresses.

`loopback` says whether a host is this machine.
"""

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final

CUSTOMER: Final = 64  # prefix bits of the smallest IPv6 network that a customer gets
SITE: Final = 48  # prefix bits of a larger customer's network
KNOWN: Final = 4096  # addresses whose networks are cached: more than there are connections
SOCKET: Final = "::"  # the network of peers on a unix socket


def network(address: str) -> str:
    """Returns the IPv4 address itself, or the /64 of an IPv6 address; "::" for a text that is no address, such as a unix peer's."""
    return text_of(address, CUSTOMER)


def site(address: str) -> str:
    """Returns the IPv4 address itself, or the /48 of an IPv6 address, for a limit above that of each network."""
    return text_of(address, SITE)


def loopback(host: str) -> bool:
    """Whether a host is the machine itself: `localhost`, or a loopback address with or without brackets."""
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


@lru_cache(maxsize=2 * KNOWN)
def text_of(address: str, bits: int) -> str:
    """Returns the IPv4 address itself, or the network of the first `bits` of an IPv6 address."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return SOCKET
    if isinstance(found, IPv6Address) and found.ipv4_mapped is None:
        return str(IPv6Network((found, bits), strict=False))
    return str(found if isinstance(found, IPv4Address) else found.ipv4_mapped)
