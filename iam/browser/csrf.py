"""Forms come from our own pages, opened in the same browser (H18).

A form's token is the second in which it was opened, and the HMAC of that and of its purpose under the value of the
cookie, which nobody but this browser and we know, so that neither a table nor a server key is needed, and a visitor who
is not logged in yet has one too. The cookie of a remembered session changes now and then: what counts is the part that
does not, so that forms which were opened before go on.

A form that asks for a decision also carries the `digest` of what its page showed. Whoever acts on the form works out again
what the page would show now, and asks again where that is something else: what was decided upon is what was seen.
"""

import hmac
import json
import re
from base64 import urlsafe_b64encode
from datetime import datetime
from hashlib import sha256
from typing import Final
from urllib.parse import urlsplit

from iam.http.request import Request
from iam.secrets import minted
from iam.settings import LOOPBACK, Settings

TOKEN_FIELD = "csrf_token"
SAME = b"same-origin"

# The second since 1970, what the page showed if that counts, and the HMAC.
TOKEN: Final = re.compile(r"(?P<opened>[0-9]{1,12})\.(?:(?P<shown>[A-Za-z0-9_-]{43})\.)?[A-Za-z0-9_-]{43}")


def digest(*shown: object) -> str:
    """The digest of what a page shows and asks about: texts, numbers, None, and sequences and mappings of such."""
    return base64url(sha256(json.dumps(shown, sort_keys=True).encode()).digest())


def token(cookie: str, purpose: str, now: datetime, shown: str = "") -> str:
    """The token for a form of this purpose, opened now in the browser with this cookie; `shown` is the `digest` of its page."""
    return sign(cookie, purpose, str(int(now.timestamp())), shown)


def sign(cookie: str, purpose: str, opened: str, shown: str = "") -> str:
    """The token for a form opened in this second."""
    said = f"{opened} {purpose}" + (f"\0{shown}" if shown else "")
    check = base64url(hmac.digest(minted.series(cookie).encode(), said.encode(), "sha256"))
    return ".".join(part for part in (opened, shown, check) if part)


def same(given: str | None, shown: str) -> bool:
    """Did the page whose form has this genuine token show just this?"""
    found = TOKEN.fullmatch(given or "")
    return found is not None and found["shown"] == shown


def base64url(octets: bytes) -> str:
    """The octets as text, without padding (RFC 7515 §2)."""
    return urlsafe_b64encode(octets).rstrip(b"=").decode()


def genuine(cookie: str | None, purpose: str, given: str | None, now: datetime, lifetime: int | None = None) -> bool:
    """Is this the token of that form, opened at most `lifetime` seconds ago?"""
    if cookie is None or given is None:
        return False
    found = TOKEN.fullmatch(given)
    if found is None:
        return False
    expected = sign(cookie, purpose, found["opened"], found["shown"] or "")
    if not hmac.compare_digest(expected.encode(), given.encode()):
        return False
    return lifetime is None or abs(now.timestamp() - int(found["opened"])) <= lifetime


def from_us(request: Request, settings: Settings) -> bool:
    """Does the browser say that the form came from one of our pages, as far as it says anything?

    Our pages send no referrer, and so browsers say `Origin: null` with their forms; Sec-Fetch-Site knows better, where
    browsers send it.
    """
    origins = request.requestHeaders.getRawHeaders(b"origin") or []
    sites = request.requestHeaders.getRawHeaders(b"sec-fetch-site") or []
    if len(origins) > 1 or len(sites) > 1:
        return False
    if sites and sites[0] != SAME:
        return False
    if not origins or (origins[0] == b"null" and (sites or not trustworthy(settings))):
        return True
    return our_origin(origins[0].decode("latin-1"), settings)


def trustworthy(settings: Settings) -> bool:
    """Do browsers send Sec-Fetch-Site here? Only where nobody on the way can read or change it (Fetch Metadata §2)."""
    return settings.secure or settings.issuer_host in LOOPBACK


def our_origin(origin: str, settings: Settings) -> bool:
    """The issuer's origin; where that is this machine, under any of its names."""
    if origin == settings.origin:
        return True
    if settings.issuer_host not in LOOPBACK:
        return False
    try:
        ours, theirs = urlsplit(settings.issuer), urlsplit(origin)
        return theirs.hostname in LOOPBACK and (ours.scheme, ours.port) == (theirs.scheme, theirs.port)
    except ValueError:
        return False
