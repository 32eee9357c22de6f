"""Where a person goes on after the login: to our own addresses only (row 9)."""

import re
from urllib.parse import quote, unquote

from iam.web.parameters import ParameterError, query_parameters
from iam.web.request import Request

# One slash and then no second one in any disguise; nothing that browsers drop or turn round.
PATH = re.compile(r"/(?![/\\])[\x21-\x5b\x5d-\x7e]*")
UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f\\]")
LONGEST = 8_192 + 512  # an authorization request, and what we add to it


def confined(address: str | None) -> str:
    """The address, if it is a path of ours; else the front page."""
    if not address or len(address) > LONGEST or not PATH.fullmatch(address):
        return "/"
    path = unquote(address.partition("?")[0])
    if path.startswith(("//", "/\\")) or UNPRINTABLE.search(path):
        return "/"
    return address


def next_address(request: Request) -> str:
    """Where the query of a page says to go on to."""
    try:
        return confined(query_parameters(request).get("next"))
    except ParameterError:
        return "/"


def leading_to(page: str, address: str) -> str:
    """The address of one of our pages, which goes on to `address` in the end."""
    return f"{page}?next={quote(address, safe='')}"
