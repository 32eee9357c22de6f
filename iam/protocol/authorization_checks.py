"""The checks of an authorization request that oauthlib lacks; each raises the error to send to the client.

They run once the client and the redirect URI are known, so that errors can be sent there.
"""

from collections.abc import Callable
from typing import Final

from oauthlib.oauth2.rfc6749.errors import (
    CustomOAuth2Error,
    InvalidRequestError,
    MissingRedirectURIError,
    MissingResponseTypeError,
    UnsupportedResponseTypeError,
)

from iam.authorization import openid_parameters, pkce
from iam.authorization.errors import AuthorizationError
from iam.authorization.openid_parameters import PLAIN, AuthenticationRequest
from iam.authorization.response import FORM_POST, JWT, MODES, QUERY_JWT, SIGNED, carrier
from iam.clients import fapi, redirect_uris
from iam.oauth import confirmations
from iam.oauth.grant_types import CODE, NONE
from iam.oauth.reasons import Reason, carrying
from iam.oauth.scopes import OPENID
from iam.protocol.request import OAuthlibRequest

Check = Callable[[OAuthlibRequest], object]  # returns an empty dict, which oauthlib merges into its own

# Parameters of other specifications that change what a request means. Ignoring them would grant something else than the
# client requested (G18).
UNSUPPORTED: Final = {
    "registration": "registration_not_supported",
    "authorization_details": "invalid_authorization_details",  # RFC 9396 §5: we know no type
}


def check_redirect_uri(request: OAuthlibRequest) -> dict[str, object]:
    """Requires a redirect_uri in every request for openid (OpenID Connect Core §3.1.2.1) and under FAPI 2.0 (§5.3.2.2 no. 6).

    Raises MissingRedirectURIError even if the client has registered only one.
    """
    wanted = OPENID in (request.scopes or ()) or request.client.fapi_profile is not None
    if wanted and request.using_default_redirect_uri:
        reason = Reason("redirect_uri", "one that is registered, in every request for openid or under FAPI 2.0", "none")
        raise carrying(MissingRedirectURIError(), reason)
    return {}


def check_mode(request: OAuthlibRequest) -> dict[str, object]:
    """Raises InvalidRequestError unless the response_mode is supported for this redirect URI (G7, G17).

    It runs before the checks whose errors are returned by that mode, and clears an unsupported one. form_post needs a
    web address: a form cannot be posted to an app's own scheme. A JWT is in the query by default (JARM §2.3.4), and
    FAPI 2.0 Message Signing has no other responses (§5.4.1 there).
    """
    mode, web = request.response_mode, redirect_uris.web(request.redirect_uri or "")
    usual, modes = (QUERY_JWT, (JWT, *SIGNED)) if fapi.signs(request.client) else (None, MODES)
    ways = [way for way in modes if carrier(way) != FORM_POST or web]
    if mode in ways or (mode is None and usual is None):
        request.response_mode = QUERY_JWT if mode == JWT else mode
        return {}
    request.response_mode = usual
    raise InvalidRequestError(f"The response_mode must be one of {', '.join(ways)}.")


def check_request_object(request: OAuthlibRequest) -> dict[str, object]:
    """Raises the error of the request object, or InvalidRequestError if a required one is missing.

    RFC 9101 §6, §10.5.
    """
    wrong = request.object_error
    if wrong is not None:
        raise carrying(CustomOAuth2Error(wrong.error, wrong.sentence), wrong.refusal)
    if not request.signed and request.client.require_signed_request_object:
        reason = Reason("request object", "one that the application has signed", "none")
        sentence = "This client must send signed request objects (RFC 9101)."
        raise carrying(InvalidRequestError(sentence), reason)
    return {}


def check_pushed(request: OAuthlibRequest) -> dict[str, object]:
    """Raises InvalidRequestError if the client must push its requests and has not (RFC 9126 §6)."""
    if request.handle is None and request.client.require_pushed_authorization_requests:
        reason = Reason("request_uri", "a handle: the application must push its requests", "none")
        raise carrying(InvalidRequestError("This client must push its requests (RFC 9126)."), reason)
    return {}


def check_supported(request: OAuthlibRequest) -> dict[str, object]:
    """Raises CustomOAuth2Error for a parameter that is not supported (OpenID Connect Core §6, RFC 9396 §5)."""
    name = next((name for name in UNSUPPORTED if name in request.parameters), None)
    if name is not None:
        raise CustomOAuth2Error(UNSUPPORTED[name], f"The parameter {name} is not supported.")
    return {}


def check_response(request: OAuthlibRequest) -> dict[str, object]:
    """Raises MissingResponseTypeError or UnsupportedResponseTypeError unless the response_type is `code` or `none` (G13).

    FAPI 2.0 has only the first (§5.3.2.2 no. 1).
    """
    if request.response_type is None:
        raise MissingResponseTypeError
    if request.response_type not in fapi.fitting(request.client, (CODE, NONE), (CODE,)):
        raise UnsupportedResponseTypeError(
            "Only response_type=code is supported, and response_type=none but for FAPI 2.0."
        )
    return {}


def check_challenge(request: OAuthlibRequest) -> dict[str, object]:
    """Raises InvalidRequestError unless there is no code_challenge or a well-formed one with method S256 (G5, G49)."""
    if request.code_challenge is None:
        if request.code_challenge_method is not None:
            raise InvalidRequestError("A code_challenge_method needs a code_challenge.")
        return {}
    if request.code_challenge_method not in pkce.METHODS:
        raise InvalidRequestError("The code_challenge_method must be S256.")
    if not pkce.well_formed(request.code_challenge):
        raise InvalidRequestError("The code_challenge must be 43 characters of base64url.")
    return {}


def check_key(request: OAuthlibRequest) -> dict[str, object]:
    """Reads `dpop_jkt`, the thumbprint of the key to which the code is bound (RFC 9449 §10).

    Raises InvalidRequestError unless it is a SHA-256 digest in base64url, and that of the proof with which it was pushed.
    """
    thumbprint = request.parameters.get("dpop_jkt") or request.pushed_key
    if thumbprint is None:
        return {}
    if thumbprint != (request.pushed_key or thumbprint):
        raise InvalidRequestError("The dpop_jkt is not that of the key which pushed the request.")
    if not pkce.well_formed(thumbprint):
        raise InvalidRequestError("The dpop_jkt must be 43 characters of base64url.")
    request.confirmation = confirmations.of_key(thumbprint)
    return {}


def check_authentication(request: OAuthlibRequest) -> dict[str, object]:
    """Reads the parameters of OpenID Connect, which are ignored without the scope openid (RFC 6749 §3.1)."""
    request.authentication = authentication(request) if OPENID in (request.scopes or ()) else PLAIN
    request.claims = request.authentication.claims.names
    return {}


def authentication(request: OAuthlibRequest) -> AuthenticationRequest:
    """Returns how to authenticate the person and ask for consent (OpenID Connect Core §3.1.2.1).

    Raises CustomOAuth2Error for a malformed parameter.
    """
    try:
        return openid_parameters.read(
            request.parameters, request.client.default_max_age, request.client.default_acr_values
        )
    except AuthorizationError as error:
        raise carrying(CustomOAuth2Error(error.error, error.sentence), error.reason) from None
