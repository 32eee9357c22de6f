"""CORS: which other origins may read an answer; decided here and not by oauthlib (G42).

No answer allows credentials: a page of another origin asks without cookies.
"""

import re
from collections.abc import Awaitable, Callable
from enum import Enum, auto
from typing import Final

from twisted.web import http_headers

from iam.http.answers import FOR_NOBODY, UNREADABLE, Answer, Headers
from iam.http.request import Request

Registered = Callable[[str], Awaitable[bool]]

VARY: Final = (b"Vary", b"Origin")
READABLE: Final = (b"Cross-Origin-Resource-Policy", b"cross-origin")
EXPOSED: Final = (b"Access-Control-Expose-Headers", b"WWW-Authenticate, Retry-After, DPoP-Nonce")
FOR_OURSELVES: Final[Headers] = (VARY, UNREADABLE)
FOR_EVERYBODY: Final[Headers] = (READABLE, (b"Access-Control-Allow-Origin", b"*"), EXPOSED)

ALLOWED_HEADERS: Final = (b"Authorization", b"Content-Type", b"DPoP")
HEADER: Final = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}")
MOST_HEADERS: Final = 32
MAXIMUM_AGE: Final = b"3600"  # seconds that a browser may keep the answer to a preflight


class Cors(Enum):
    """Which origins may read the answers of an address."""

    NOBODY = auto()
    REGISTERED = auto()  # pages of the origins at which clients are registered
    EVERYBODY = auto()  # the answers are public anyway


def settled(sent: http_headers.Headers, cors: Cors) -> Headers | None:
    """Returns the CORS headers of any answer to this request, or None if they depend on whether a client is registered."""
    if cors is Cors.REGISTERED:
        return None if sent.hasHeader(b"origin") else FOR_OURSELVES
    return FOR_NOBODY if cors is Cors.NOBODY else FOR_EVERYBODY


async def headers(sent: http_headers.Headers, cors: Cors, registered: Registered) -> Headers:
    """Returns the CORS headers of any answer to this request; `registered` says whether a client is registered at an origin."""
    known = settled(sent, cors)
    if known is not None:
        return known
    origins = sent.getRawHeaders(b"origin") or ()
    if len(origins) != 1 or not await registered(origins[0].decode("latin-1")):
        return FOR_OURSELVES
    return (VARY, READABLE, (b"Access-Control-Allow-Origin", origins[0]), EXPOSED)


def preflight(methods: tuple[str, ...]) -> Callable[..., Awaitable[Answer]]:
    """Returns the handler of preflight requests (Fetch §4.8); the origins that may ask are in the headers of every answer."""

    async def handler(request: Request, **_path: str) -> Answer:
        return Answer(
            204,
            headers=(
                (b"Access-Control-Allow-Methods", ", ".join(methods).encode()),
                (b"Access-Control-Allow-Headers", b", ".join((*ALLOWED_HEADERS, *requested_headers(request)))),
                (b"Access-Control-Max-Age", MAXIMUM_AGE),
            ),
        )

    return handler


def requested_headers(request: Request) -> list[bytes]:
    """Returns the further headers that a page asks to send: all are allowed, because none of them authenticates anybody here."""
    lines = request.requestHeaders.getRawHeaders(b"access-control-request-headers") or ()
    names = [name.strip() for name in b",".join(lines).split(b",")]
    usual = {name.lower() for name in ALLOWED_HEADERS}
    wished = [name for name in dict.fromkeys(names) if HEADER.fullmatch(name) and name.lower() not in usual]
    return wished[:MOST_HEADERS]


async def nobody(_origin: str) -> bool:
    """Returns False: no client is registered at any origin."""
    return False
