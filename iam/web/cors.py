"""CORS: which other origins a browser lets read an answer, decided here and not by oauthlib (G42, row 55).

No answer allows credentials: a page of another origin asks as a stranger, without anybody's cookies.
"""

from collections.abc import Awaitable, Callable
from enum import Enum, auto
from typing import TYPE_CHECKING, Final

from iam.web.answers import Answer, Headers

if TYPE_CHECKING:
    from iam.web.request import Request

Registered = Callable[[str], Awaitable[bool]]

VARY: Final = (b"Vary", b"Origin")
READABLE: Final = (b"Cross-Origin-Resource-Policy", b"cross-origin")
UNREADABLE: Final = (b"Cross-Origin-Resource-Policy", b"same-origin")
EXPOSED: Final = (b"Access-Control-Expose-Headers", b"WWW-Authenticate, Retry-After")
FOR_EVERYBODY: Final[Headers] = (READABLE, (b"Access-Control-Allow-Origin", b"*"), EXPOSED)
FOR_NOBODY: Final[Headers] = (UNREADABLE,)

ALLOWED_HEADERS: Final = b"Authorization, Content-Type, DPoP"
MAXIMUM_AGE: Final = b"3600"  # seconds that a browser may keep the answer to a preflight


class Cors(Enum):
    """Who may read the answers of an address."""

    NOBODY = auto()
    REGISTERED = auto()  # pages of the origins at which clients are registered
    EVERYBODY = auto()  # the answers are public anyway


async def headers(request: "Request", cors: Cors, registered: Registered) -> Headers:
    """What the answer to this request carries, whatever it is; `registered` knows whether a client lives at an origin."""
    if cors is Cors.NOBODY:
        return FOR_NOBODY
    if cors is Cors.EVERYBODY:
        return FOR_EVERYBODY
    origins = request.requestHeaders.getRawHeaders(b"origin") or ()
    if len(origins) != 1 or not await registered(origins[0].decode("latin-1")):
        return (VARY, UNREADABLE)
    return (VARY, READABLE, (b"Access-Control-Allow-Origin", origins[0]), EXPOSED)


def preflight(methods: tuple[str, ...]) -> Callable[["Request"], Awaitable[Answer]]:
    """What browsers are told who ask before they send a request (Fetch §4.8); who may ask, every answer says."""
    answer = Answer(
        204,
        headers=(
            (b"Access-Control-Allow-Methods", ", ".join(methods).encode()),
            (b"Access-Control-Allow-Headers", ALLOWED_HEADERS),
            (b"Access-Control-Max-Age", MAXIMUM_AGE),
        ),
    )

    async def handler(_: "Request") -> Answer:
        return answer

    return handler


async def nobody(_origin: str) -> bool:
    """There are no clients."""
    return False
