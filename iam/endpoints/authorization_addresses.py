"""Addresses of an authorization request, and of the login and the account chooser that lead back to it."""

from hashlib import sha256
from typing import Final
from urllib.parse import quote, urlencode

from iam.authorization.decision import Enrol, Login, Prove
from iam.authorization.request import AuthorizationRequest
from iam.browser.addresses import leading_to
from iam.browser.interactions import strip_marks
from iam.http.parameters import query_text
from iam.http.request import Request

PATH: Final = "/authorize"
PATHS: Final = (PATH, "/authorize/", "/o/authorize/")  # and the names that django-oauth-toolkit has for it
CONSENT: Final = "/authorize/consent"
DEVICE_PATH: Final = "/device"
DEVICE: Final = "/device/consent"


def by_value(authorization: AuthorizationRequest) -> str:
    """Returns the address of the same request with its request object instead of the reference to it.

    The reference is fetched only once, because what it leads to could change (RFC 9101 §6.3).
    """
    told = {"client_id": authorization.client.client_id, "request": authorization.fetched}
    return f"{PATH}?{urlencode(told)}"


def purpose(request: Request) -> str:
    """Returns the purpose of the consent form's token, which is good for this request only (H19)."""
    return "consent " + sha256(query_text(request).encode()).hexdigest()


def own_address(request: Request, path: str = PATH) -> str:
    """Returns the address of the authorization request, or of the same at another `path`, without marks."""
    return f"{path}?{strip_marks(query_text(request))}"


def choosing_address(request: Request, path: str = PATH) -> str:
    """Returns the address of the account chooser that leads back to the request."""
    return leading_to("/accounts", own_address(request, path), request.base)


def step_address(request: Request, step: Prove | Enrol, path: str = PATH) -> str:
    """Returns the address at which a person proves or adds a factor, and which leads back to the request.

    Marks stay, so that a login that was made for the request still counts.
    """
    address = f"{path}?{query_text(request)}"
    if isinstance(step, Enrol):
        return f"{leading_to('/account/security/needed', address, request.base)}&acr={step.level}"
    return f"{leading_to('/login/factor', address, request.base)}&step=up&acr={step.level}"


def login_address(request: Request, login: Login, path: str = PATH) -> str:
    """Returns the address of the login that leads back to the request."""
    told = {"next": request.base + own_address(request, path)}
    if login.again:
        told["login"] = "again"
    if login.hint:
        told["login_hint"] = login.hint
    return "/login?" + urlencode(told, safe="", quote_via=quote)
