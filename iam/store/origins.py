"""Origins: where the clients that run in browsers live, as browsers write it in `Origin` (RFC 6454 §6.1)."""

import re
from collections.abc import Iterable
from ipaddress import ip_address
from typing import Final

URI: Final = re.compile(r"(?P<scheme>https?)://(?P<host>\[[0-9a-f:.]+\]|[^/?:@]+)(?::(?P<port>[0-9]+))?(?=[/?]|$)")
USUAL: Final = {"https": "443", "http": "80"}


def origins(redirect_uris: Iterable[str]) -> frozenset[str]:
    """Those of the redirect URIs with which a page can live: https anywhere, http on the very machine of the browser."""
    return frozenset(origin for uri in redirect_uris if (origin := origin_of(uri)))


def origin_of(redirect_uri: str) -> str | None:
    """The origin of one redirect URI, if pages live there."""
    found = URI.match(redirect_uri.lower())
    if found is None:
        return None
    scheme, host, port = found["scheme"], written(found["host"]), found["port"]
    if host is None or (scheme == "http" and not loopback(host)):
        return None
    return f"{scheme}://{host}" + (f":{int(port)}" if port and port != USUAL[scheme] else "")


def written(host: str) -> str | None:
    """The host as browsers write it: of an IPv6 address the short form."""
    if not host.startswith("["):
        return host
    try:
        return f"[{ip_address(host[1:-1]).compressed}]"
    except ValueError:
        return None


def loopback(host: str) -> bool:
    """Is this the machine itself?"""
    if host == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
