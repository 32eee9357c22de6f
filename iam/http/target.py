"""The host and the target of a request (H5, H8)."""

import re
from functools import lru_cache
from urllib.parse import unquote_to_bytes

from twisted.web.http_headers import Headers

from iam.networks import loopback

METHODS = frozenset((b"GET", b"HEAD", b"POST", b"PUT", b"PATCH", b"DELETE", b"OPTIONS"))
LABEL = rb"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
HOST = re.compile(
    rb"(?P<host>" + LABEL + rb"(?:\." + LABEL + rb")*\.?|\[[0-9A-Fa-f:.]{2,45}\])(?::(?P<port>[0-9]{1,5}))?"
)
LONGEST_HOST = 255
HOSTS = 256  # Host headers that are remembered
FORBIDDEN = (0x00, 0x0A, 0x0D)


def host_of(headers: Headers) -> str | None:
    """Returns the host of a request, in lower case without port and brackets; None unless there is exactly one valid Host header."""
    values = headers.getRawHeaders(b"host") or ()
    return read_host(values[0]) if len(values) == 1 and len(values[0]) <= LONGEST_HOST else None


@lru_cache(maxsize=HOSTS)
def read_host(value: bytes) -> str | None:
    """Returns the host in a Host header of at most LONGEST_HOST characters; None if it is not valid."""
    match = HOST.fullmatch(value)
    return match["host"].decode().lower().rstrip(".").strip("[]") if match else None


def ours(host: str, issuer_host: str, local_address: str) -> bool:
    """Whether this is a name of ours. The port is ignored: proxies and port forwarding change it, and we build no URL from it."""
    return host in (issuer_host, local_address) or loopback(host)


def well_formed(target: bytes) -> bool:
    """Whether the target is a path (no absolute form, no `//`) without NUL and line breaks, decoded ones included."""
    if target[:1] != b"/" or target[1:2] == b"/":
        return False
    return b"%" not in target or not any(byte in FORBIDDEN for byte in unquote_to_bytes(target.partition(b"?")[0]))
