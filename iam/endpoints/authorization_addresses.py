"""Addresses that lead to an authorization request, and back to it from the login."""

from hashlib import sha256
from typing import Final
from urllib.parse import quote, urlencode

from iam.authorization.decision import Login
from iam.authorization.request import AuthorizationRequest
from iam.browser.addresses import leading_to
from iam.browser.interactions import strip_marks
from iam.http.parameters import query_text
from iam.http.request import Request

PATH: Final = "/authorize"
PATHS: Final = (PATH, "/authorize/", "/o/authorize/")  # and the name that django-oauth-toolkit has for it
CONSENT: Final = "/authorize/consent"


def by_value(authorization: AuthorizationRequest) -> str:
    """The same request with its request object instead of a reference, which is asked once and could change (RFC 9101 §6.3)."""
    told = {"client_id": authorization.client.client_id, "request": authorization.fetched}
    return f"{PATH}?{urlencode(told)}"


def purpose(request: Request) -> str:
    """What the consent form's token is good for: this very request (H19)."""
    return "consent " + sha256(query_text(request).encode()).hexdigest()


def own_address(request: Request) -> str:
    """The authorization request as it came."""
    return f"{PATH}?{strip_marks(query_text(request))}"


def choosing_address(request: Request) -> str:
    """The account chooser that leads back here."""
    return leading_to("/accounts", own_address(request), request.base)


def login_address(request: Request, login: Login) -> str:
    """The login that leads back here."""
    told = {"next": request.base + own_address(request)}
    if login.again:
        told["login"] = "again"
    if login.hint:
        told["login_hint"] = login.hint
    return "/login?" + urlencode(told, safe="", quote_via=quote)
