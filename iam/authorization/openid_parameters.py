"""The authentication request: what OpenID Connect adds to an authorization request (Core §3.1.2.1).

Without the scope openid these parameters mean nothing and are not looked at (RFC 6749 §3.1). What is only a preference
(display, ui_locales, claims_locales, acr_values) changes nothing here; what is malformed is refused all the same, as
the client meant something by it.
"""

import re
from typing import Final

from attrs import field, frozen

from iam.authorization import claims_request
from iam.authorization.claims_request import ClaimsError, ClaimsRequest
from iam.oauth.errors import CustomOAuth2Error, InvalidRequestError
from iam.oauth.reasons import Reason, shown
from iam.oauth.scopes import OPENID
from iam.openid.login_facts import ACR_VALUES
from iam.protocol.request import OAuthlibRequest

NONE: Final = "none"
LOGIN: Final = "login"
CONSENT: Final = "consent"
SELECT_ACCOUNT: Final = "select_account"
PROMPTS: Final = (NONE, LOGIN, CONSENT, SELECT_ACCOUNT)
DISPLAYS: Final = ("page", "popup", "touch", "wap")
SECONDS: Final = re.compile(r"[0-9]{1,15}")
LONGEST_NONCE: Final = 1024  # characters, as it is kept with the grant
LONGEST_LOGIN_HINT: Final = 254  # as long as an e-mail address may be


@frozen
class AuthenticationRequest:
    """How the person is to be authenticated and asked; this one: as we like."""

    prompt: frozenset[str] = frozenset()
    max_age: int | None = None  # seconds
    claims: ClaimsRequest = field(factory=ClaimsRequest)
    login_hint: str | None = None

    @property
    def silent(self) -> bool:
        """May no page be shown?"""
        return NONE in self.prompt

    @property
    def wants_login(self) -> bool:
        """Does the person have to log in, whether they are logged in or not?"""
        return LOGIN in self.prompt

    @property
    def wants_choice(self) -> bool:
        """Does the person have to say as whom they go on?"""
        return SELECT_ACCOUNT in self.prompt

    @property
    def wants_consent(self) -> bool:
        """Does the person have to be asked, whatever they allowed before?"""
        return CONSENT in self.prompt


PLAIN: Final = AuthenticationRequest()


def check_authentication(request: OAuthlibRequest) -> dict[str, object]:
    """Leave what the request says of the authentication with it, and its claims; raises what is wrong with it."""
    request.authentication = read(request) if OPENID in (request.scopes or ()) else PLAIN
    request.claims = request.authentication.claims.names
    return {}


def read(request: OAuthlibRequest) -> AuthenticationRequest:
    """The parameters of Core §3.1.2.1, each in order."""
    if request.display not in (None, *DISPLAYS):
        raise wrong(request, "display", f"one of {', '.join(DISPLAYS)}", request.display)
    if len(request.nonce or "") > LONGEST_NONCE:
        got = f"a text of {len(request.nonce)} characters"
        raise wrong(request, "nonce", f"at most {LONGEST_NONCE} characters", got)
    hint = request.login_hint
    return AuthenticationRequest(
        prompt=prompt(request),
        max_age=max_age(request) if request.max_age is not None else request.client.openid.default_max_age,
        claims=claims(request),
        login_hint=hint if hint and len(hint) <= LONGEST_LOGIN_HINT and hint.isprintable() else None,
    )


def prompt(request: OAuthlibRequest) -> frozenset[str]:
    """What pages the client wants shown, or none."""
    values = frozenset((request.prompt or "").split(" ")) - {""}
    if not values <= set(PROMPTS):
        raise wrong(request, "prompt", f"made of {', '.join(PROMPTS)}", request.prompt)
    if NONE in values and len(values) > 1:
        raise wrong(request, "prompt", "none and nothing beside it, or other values", request.prompt)
    return values


def max_age(request: OAuthlibRequest) -> int:
    """How long ago the person may have logged in."""
    if not SECONDS.fullmatch(request.max_age):
        raise wrong(request, "max_age", "a number of seconds", request.max_age)
    return int(request.max_age)


def claims(request: OAuthlibRequest) -> ClaimsRequest:
    """What is asked for by name; an essential acr is one that a login here can have."""
    if request.claims_parameter is None:
        return ClaimsRequest()
    try:
        asked = claims_request.parsed(request.claims_parameter)
    except ClaimsError as error:
        request.refusal = Reason("claims", "as in OpenID Connect Core §5.5", shown(str(error)))
        raise InvalidRequestError(str(error), request=request) from None
    if asked.essential_acr and not set(ACR_VALUES) & {acr for acr in asked.essential_acr if isinstance(acr, str)}:
        request.refusal = Reason("acr", f"one of {', '.join(ACR_VALUES)}", shown(str(list(asked.essential_acr))))
        sentence = f"No login here reaches the acr asked for; there is {', '.join(ACR_VALUES)}."
        raise CustomOAuth2Error("unmet_authentication_requirements", sentence, request=request)
    return asked


def wrong(request: OAuthlibRequest, name: str, expected: str, got: str) -> InvalidRequestError:
    """What tells the client which parameter is wrong, and keeps what came for its makers."""
    request.refusal = Reason(name, expected, shown(got))
    return InvalidRequestError(f"The parameter {name} must be {expected}.", request=request)
