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
from iam.authorization.errors import INVALID_REQUEST, AuthorizationError
from iam.oauth.parameters import Parameters
from iam.oauth.reasons import Reason, shown
from iam.openid.login_facts import ACR_VALUES

NONE: Final = "none"
LOGIN: Final = "login"
CONSENT: Final = "consent"
SELECT_ACCOUNT: Final = "select_account"
PROMPTS: Final = (NONE, LOGIN, CONSENT, SELECT_ACCOUNT)
DISPLAYS: Final = ("page", "popup", "touch", "wap")
UNMET: Final = "unmet_authentication_requirements"
SECONDS: Final = re.compile(r"[0-9]{1,15}")
LONGEST_NONCE: Final = 1024  # characters, as it is kept with the grant
LONGEST_LOGIN_HINT: Final = 254  # as long as an e-mail address may be


@frozen
class AuthenticationRequest:
    """How the person is to be authenticated and asked; this one: as we like.

    `hinted` is the subject of the id_token_hint.
    """

    prompt: frozenset[str] = frozenset()
    max_age: int | None = None  # seconds
    claims: ClaimsRequest = field(factory=ClaimsRequest)
    login_hint: str | None = None
    nonce: str | None = None
    hinted: str | None = None

    @property
    def subjects(self) -> tuple[tuple[object, ...], ...]:
        """Who it has to be: for each parameter that says so, the subjects that will do (Core §3.1.2.2)."""
        return (*self.claims.subjects, *([(self.hinted,)] if self.hinted is not None else []))

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


def read(parameters: Parameters, default_max_age: int | None = None) -> AuthenticationRequest:
    """The parameters of Core §3.1.2.1, each in order; raises AuthorizationError. `default_max_age` is the client's, in seconds."""
    display, nonce, max_age = (parameters.get(name) for name in ("display", "nonce", "max_age"))
    if display not in (None, *DISPLAYS):
        raise refuse("display", f"one of {', '.join(DISPLAYS)}", display)
    if len(nonce or "") > LONGEST_NONCE:
        raise refuse("nonce", f"at most {LONGEST_NONCE} characters", f"a text of {len(nonce or '')} characters")
    hint = parameters.get("login_hint")
    return AuthenticationRequest(
        prompt=parse_prompt(parameters.get("prompt")),
        max_age=default_max_age if max_age is None else parse_max_age(max_age),
        claims=parse_claims(parameters.get("claims")),
        login_hint=hint if hint and len(hint) <= LONGEST_LOGIN_HINT and hint.isprintable() else None,
        nonce=nonce,
    )


def parse_prompt(prompt: str | None) -> frozenset[str]:
    """What pages the client wants shown, or none."""
    values = frozenset((prompt or "").split(" ")) - {""}
    if not values <= set(PROMPTS):
        raise refuse("prompt", f"made of {', '.join(PROMPTS)}", prompt)
    if NONE in values and len(values) > 1:
        raise refuse("prompt", "none and nothing beside it, or other values", prompt)
    return values


def parse_max_age(max_age: str) -> int:
    """How long ago the person may have logged in."""
    if not SECONDS.fullmatch(max_age):
        raise refuse("max_age", "a number of seconds", max_age)
    return int(max_age)


def parse_claims(text: str | None) -> ClaimsRequest:
    """What is asked for by name; an essential acr is one that a login here can have."""
    if text is None:
        return ClaimsRequest()
    try:
        asked = claims_request.parse(text)
    except ClaimsError as error:
        reason = Reason("claims", "as in OpenID Connect Core §5.5", shown(str(error)))
        raise AuthorizationError(INVALID_REQUEST, str(error), reason) from None
    if asked.essential_acr and not set(ACR_VALUES) & {acr for acr in asked.essential_acr if isinstance(acr, str)}:
        known = ", ".join(ACR_VALUES)
        reason = Reason("acr", f"one of {known}", shown(str(list(asked.essential_acr))))
        raise AuthorizationError(UNMET, f"No login here reaches the acr asked for; there is {known}.", reason)
    return asked


def refuse(name: str, expected: str, got: str | None) -> AuthorizationError:
    """What tells the client which parameter is wrong, and keeps what came for its makers."""
    sentence = f"The parameter {name} must be {expected}."
    return AuthorizationError(INVALID_REQUEST, sentence, Reason(name, expected, shown(got or "")))
