"""Forms come from our own pages, opened in the same browser (H18).

A form's token is the second in which it was opened, and the HMAC of that and of its purpose under the value of the
cookie, which nobody but this browser and we know, so that neither a table nor a server key is needed, and a visitor who
is not logged in yet has one too.
"""

import hmac
from base64 import urlsafe_b64encode
from datetime import datetime
from urllib.parse import urlsplit

from iam.settings import LOOPBACK, Settings
from iam.web.request import Request

TOKEN_FIELD = "csrf_token"
SAME = b"same-origin"
DIGITS = 12  # of a second since 1970


def token(cookie: str, purpose: str, now: datetime) -> str:
    """The token for a form of this purpose, opened now in the browser with this cookie."""
    return signed(cookie, purpose, str(int(now.timestamp())))


def signed(cookie: str, purpose: str, opened: str) -> str:
    """The token for a form opened in this second."""
    check = hmac.digest(cookie.encode(), f"{opened} {purpose}".encode(), "sha256")
    return f"{opened}.{urlsafe_b64encode(check).rstrip(b'=').decode()}"


def genuine(cookie: str | None, purpose: str, given: str | None, now: datetime, lifetime: int | None = None) -> bool:
    """Is this the token of that form, opened at most `lifetime` seconds ago?"""
    if cookie is None or given is None:
        return False
    opened = given.partition(".")[0]
    if not (opened.isascii() and opened.isdigit() and len(opened) <= DIGITS):
        return False  # whoever has the cookie can sign whatever they like
    if not hmac.compare_digest(signed(cookie, purpose, opened).encode(), given.encode()):
        return False
    return lifetime is None or abs(now.timestamp() - int(opened)) <= lifetime


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
    if origin == settings.issuer:
        return True
    if settings.issuer_host not in LOOPBACK:
        return False
    try:
        ours, theirs = urlsplit(settings.issuer), urlsplit(origin)
        return theirs.hostname in LOOPBACK and (ours.scheme, ours.port) == (theirs.scheme, theirs.port)
    except ValueError:
        return False
