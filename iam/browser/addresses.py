"""Where a person goes on after the login: to our own addresses only.

The code writes an address of ours from the issuer's path on, such as /login. The path is put before it in three places: here for
`next`, in templates by `base`, and where a Location leaves (iam/http/headers.py).
"""

import re
from urllib.parse import quote, unquote

from iam.http.parameters import ParameterError, query_parameters
from iam.http.request import Request

# One slash and then no second one in any disguise; nothing that browsers drop or turn round.
PATH = re.compile(r"/(?![/\\])[\x21-\x5b\x5d-\x7e]*")
UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f\\]")
LONGEST = 8_192 + 512  # an authorization request, and what we add to it


def confine(address: str | None, base: str = "") -> str:
    """The address, if it is below the issuer's path `base`, from there on; else the front page."""
    if not address or len(address) > LONGEST + len(base) or not address.startswith(base):
        return "/"
    ours = address.removeprefix(base)
    path = unquote(ours.partition("?")[0])
    if not PATH.fullmatch(ours) or path.startswith(("//", "/\\")) or UNPRINTABLE.search(path):
        return "/"
    return "/" if base and climbing(path) else ours


def climbing(path: str) -> bool:
    """Does the path have segments by which browsers would leave the one it stands below?"""
    return any(segment.partition(";")[0] in {".", ".."} for segment in path.split("/"))


def next_address(request: Request) -> str:
    """Where the query of a page says to go on to."""
    try:
        return confine(query_parameters(request).get("next"), request.base)
    except ParameterError:
        return "/"


def leading_to(page: str, address: str, base: str) -> str:
    """The address of one of our pages, which goes on to `address` in the end; both from the issuer's path `base` on."""
    return f"{page}?next={quote(base + address, safe='')}"
