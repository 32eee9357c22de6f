"""Tokens that prove that a form comes from one of our own pages, opened in the same browser (H18).

A token is the second in which the form was opened, and an HMAC of that second and of the form's purpose. The HMAC's key
is the value of the cookie, which only this browser and this server know. So neither a table nor a server key is needed,
and visitors who are not logged in have tokens too. The cookie of a remembered session changes now and then; the key is
the part that does not change, so that forms opened before stay good.

The token of a form that asks for a decision also has the `digest` of what its page showed. The handler computes the
digest of what the page would show now, and asks again if it differs: a person decides only about what they saw. And a
token names whose form it is, for what was typed into it by somebody who has to log in again (`drafts.py`).
"""

import json
import re
from datetime import datetime
from hashlib import sha256
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from iam.http.request import Request
from iam.secrets import minted, signed
from iam.settings import Settings

TOKEN_FIELD = "csrf_token"
SAME = b"same-origin"
LOOPBACK = ("localhost", "127.0.0.1", "::1")

# The second since 1970, whose form it is if somebody's, what the page showed if that counts, and the HMAC.
TOKEN: Final = re.compile(
    r"(?P<opened>[0-9]{1,12})\.(?:(?P<account>[A-Za-z0-9_-]{22})\.)?(?:(?P<shown>[A-Za-z0-9_-]{43})\.)?[A-Za-z0-9_-]{43}"
)


def digest(*shown: object) -> str:
    """Returns the digest of what a page shows: texts, numbers, None, and sequences and mappings of these."""
    return minted.base64url(sha256(json.dumps(shown, sort_keys=True).encode()).digest())


def token(cookie: str, purpose: str, now: datetime, shown: str = "", user_id: UUID | None = None) -> str:
    """Returns the token of a form with this purpose, opened now by this person in the browser with this cookie.

    `shown` is the `digest` of its page.
    """
    whose = minted.base64url(user_id.bytes) if user_id else ""
    return sign(cookie, purpose, str(int(now.timestamp())), shown, whose)


def sign(cookie: str, purpose: str, opened: str, shown: str = "", whose: str = "") -> str:
    """Returns the token of a form opened in this second."""
    body = ".".join(part for part in (opened, whose, shown) if part)
    said = f"{opened} {purpose}" + (f"\0{shown}" if shown or whose else "") + (f"\0{whose}" if whose else "")
    return signed.write(body, minted.series(cookie).encode(), said)


def account(given: str | None) -> str:
    """Returns whose form has this token, as it says itself; "" if it says nothing."""
    found = TOKEN.fullmatch(given or "")
    return (found and found["account"]) or ""


def same(given: str | None, shown: str) -> bool:
    """Whether the page of a form with this token, which must be genuine, showed exactly this."""
    found = TOKEN.fullmatch(given or "")
    return found is not None and found["shown"] == shown


def genuine(cookie: str | None, purpose: str, given: str | None, now: datetime, lifetime: int | None = None) -> bool:
    """Whether this is the token of that form, opened at most `lifetime` seconds ago."""
    if cookie is None or given is None:
        return False
    found = TOKEN.fullmatch(given)
    if found is None:
        return False
    expected = sign(cookie, purpose, found["opened"], found["shown"] or "", found["account"] or "")
    if not signed.equal(given, expected):
        return False
    return lifetime is None or abs(now.timestamp() - int(found["opened"])) <= lifetime


def from_us(request: Request, settings: Settings) -> bool:
    """Whether the form came from one of our pages, as far as the browser says.

    Our pages send no referrer, so browsers send `Origin: null` with their forms. Sec-Fetch-Site tells more, where
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
    """Whether browsers send Sec-Fetch-Site to this server.

    They do so for https and loopback addresses only, where nobody on the way can read or change it (Fetch Metadata §2).
    """
    return settings.secure or settings.issuer_host in LOOPBACK


def our_origin(origin: str, settings: Settings) -> bool:
    """Whether this is the issuer's origin; for an issuer on this machine, under any loopback name."""
    if origin == settings.origin:
        return True
    if settings.issuer_host not in LOOPBACK:
        return False
    try:
        ours, theirs = urlsplit(settings.issuer), urlsplit(origin)
        return theirs.hostname in LOOPBACK and (ours.scheme, ours.port) == (theirs.scheme, theirs.port)
    except ValueError:
        return False
