"""CORS: which other origins a browser lets read an answer, decided here and not by oauthlib (G42).

No answer allows credentials: a page of another origin asks as a stranger, without anybody's cookies.
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
EXPOSED: Final = (b"Access-Control-Expose-Headers", b"WWW-Authenticate, Retry-After")
FOR_EVERYBODY: Final[Headers] = (READABLE, (b"Access-Control-Allow-Origin", b"*"), EXPOSED)

ALLOWED_HEADERS: Final = (b"Authorization", b"Content-Type", b"DPoP")
HEADER: Final = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}")
MOST_HEADERS: Final = 32
MAXIMUM_AGE: Final = b"3600"  # seconds that a browser may keep the answer to a preflight


class Cors(Enum):
    """Who may read the answers of an address."""

    NOBODY = auto()
    REGISTERED = auto()  # pages of the origins at which clients are registered
    EVERYBODY = auto()  # the answers are public anyway


async def headers(sent: http_headers.Headers, cors: Cors, registered: Registered) -> Headers:
    """What the answer to a request with these headers carries, whatever it is; `registered` knows whether a client lives at an origin."""
    if cors is Cors.NOBODY:
        return FOR_NOBODY
    if cors is Cors.EVERYBODY:
        return FOR_EVERYBODY
    origins = sent.getRawHeaders(b"origin") or ()
    if len(origins) != 1 or not await registered(origins[0].decode("latin-1")):
        return (VARY, UNREADABLE)
    return (VARY, READABLE, (b"Access-Control-Allow-Origin", origins[0]), EXPOSED)


def preflight(methods: tuple[str, ...]) -> Callable[..., Awaitable[Answer]]:
    """What browsers are told who ask before they send a request (Fetch §4.8); who may ask, every answer says."""

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
    """The headers beyond the usual ones that a page wants to send: any, since none of them decides who somebody is here."""
    lines = request.requestHeaders.getRawHeaders(b"access-control-request-headers") or ()
    names = [name.strip() for name in b",".join(lines).split(b",")]
    usual = {name.lower() for name in ALLOWED_HEADERS}
    wished = [name for name in dict.fromkeys(names) if HEADER.fullmatch(name) and name.lower() not in usual]
    return wished[:MOST_HEADERS]


async def nobody(_origin: str) -> bool:
    """There are no clients."""
    return False
