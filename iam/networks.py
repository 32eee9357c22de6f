"""Whose address is it? What is counted and limited, is so by network: an IPv6 customer has billions of addresses."""

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final

CUSTOMER: Final = 64  # bits of an IPv6 address that are one customer's at the least
SITE: Final = 48  # bits that a larger one has
KNOWN: Final = 4096  # addresses that are not taken apart again: more than there are connections
SOCKET: Final = "::"  # whoever comes by a socket of this machine


def network(address: str) -> str:
    """The IPv4 address itself, or the /64 of an IPv6 address; "::" for what is no address, such as a socket of this machine."""
    return text_of(address, CUSTOMER)


def site(address: str) -> str:
    """The IPv4 address itself, or the /48 of an IPv6 address, for a limit above the one for each network."""
    return text_of(address, SITE)


@lru_cache(maxsize=2 * KNOWN)
def text_of(address: str, bits: int) -> str:
    """The address, of IPv6 only its first `bits`."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return SOCKET
    if isinstance(found, IPv6Address) and found.ipv4_mapped is None:
        return str(IPv6Network((found, bits), strict=False))
    return str(found if isinstance(found, IPv4Address) else found.ipv4_mapped)
