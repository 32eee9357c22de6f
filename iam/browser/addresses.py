"""Where a person goes after the login: to addresses of this server only.

The code writes such an address without the issuer's path, as /login. The path is added in three places: here for
`next`, in templates by `base`, and where a Location is sent (iam/http/headers.py).
"""

import re
from urllib.parse import quote, unquote

from iam.http.parameters import ParameterError, query_parameters
from iam.http.request import Request

# One slash, not followed by another one or a backslash; then nothing that browsers drop or convert.
PATH = re.compile(r"/(?![/\\])[\x21-\x5b\x5d-\x7e]*")
UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f\\]")
LONGEST = 8_192 + 512  # an authorization request, and what this server adds to it


def confine(address: str | None, base: str = "") -> str:
    """Returns an address below the issuer's path `base`, without that path; for any other, the front page."""
    if not address or len(address) > LONGEST + len(base) or not address.startswith(base):
        return "/"
    ours = address.removeprefix(base)
    path = unquote(ours.partition("?")[0])
    if not PATH.fullmatch(ours) or path.startswith(("//", "/\\")) or UNPRINTABLE.search(path):
        return "/"
    return "/" if base and climbing(path) else ours


def climbing(path: str) -> bool:
    """Whether the path has segments (. or ..) by which browsers would leave the path it is below."""
    return any(segment.partition(";")[0] in {".", ".."} for segment in path.split("/"))


def next_address(request: Request) -> str:
    """Returns the address in the query's `next`; the front page if it is missing or not on this server."""
    try:
        return confine(query_parameters(request).get("next"), request.base)
    except ParameterError:
        return "/"


def leading_to(page: str, address: str, base: str) -> str:
    """Returns the address of a page that leads to `address` in the end; neither argument has the issuer's path."""
    return f"{page}?next={quote(base + address, safe='')}"
