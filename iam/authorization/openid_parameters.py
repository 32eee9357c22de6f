"""The authentication request: what OpenID Connect adds to an authorization request (Core §3.1.2.1).

Without the scope openid these parameters have no meaning and are ignored (RFC 6749 §3.1). Mere preferences (display,
ui_locales, claims_locales) change nothing here; a malformed display is refused all the same, as the client meant
something by it.
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
LONGEST_NONCE: Final = 1024  # characters: it is stored with the grant
LONGEST_LOGIN_HINT: Final = 254  # characters that an e-mail address may have


@frozen
class AuthenticationRequest:
    """How the client wants the person to be authenticated and asked; the defaults leave it to this server.

    `hinted` is the subject of the id_token_hint, `acr_values` the classes that the client would like the login to have.
    """

    prompt: frozenset[str] = frozenset()
    max_age: int | None = None  # seconds
    claims: ClaimsRequest = field(factory=ClaimsRequest)
    login_hint: str | None = None
    nonce: str | None = None
    hinted: str | None = None
    acr_values: tuple[str, ...] = ()

    @property
    def subjects(self) -> tuple[tuple[object, ...], ...]:
        """The acceptable subjects, as one tuple for each parameter that names any (Core §3.1.2.2)."""
        return (*self.claims.subjects, *([(self.hinted,)] if self.hinted is not None else []))

    @property
    def classes(self) -> tuple[object, ...]:
        """The classes (acr) of which the client asks for one, demanded or wished for."""
        return (*self.claims.essential_acr, *self.acr_values)

    @property
    def silent(self) -> bool:
        """Whether no page may be shown (prompt=none)."""
        return NONE in self.prompt

    @property
    def wants_login(self) -> bool:
        """Whether the person must log in, even if they are logged in already (prompt=login)."""
        return LOGIN in self.prompt

    @property
    def wants_choice(self) -> bool:
        """Whether the person must choose an account (prompt=select_account)."""
        return SELECT_ACCOUNT in self.prompt

    @property
    def wants_consent(self) -> bool:
        """Whether the person must be asked, even if they allowed all of it before (prompt=consent)."""
        return CONSENT in self.prompt


PLAIN: Final = AuthenticationRequest()


def read(
    parameters: Parameters, default_max_age: int | None = None, default_acr_values: tuple[str, ...] = ()
) -> AuthenticationRequest:
    """Reads and checks the parameters of Core §3.1.2.1. Raises AuthorizationError.

    The defaults are the client's, the age in seconds. A login_hint that is too long or not printable is ignored.
    """
    display, nonce, max_age = (parameters.get(name) for name in ("display", "nonce", "max_age"))
    if display not in (None, *DISPLAYS):
        raise refuse("display", f"one of {', '.join(DISPLAYS)}", display)
    if len(nonce or "") > LONGEST_NONCE:
        raise refuse("nonce", f"at most {LONGEST_NONCE} characters", f"a text of {len(nonce or '')} characters")
    hint, claims = parameters.get("login_hint"), parse_claims(parameters.get("claims"))
    return AuthenticationRequest(
        prompt=parse_prompt(parameters.get("prompt")),
        max_age=default_max_age if max_age is None else parse_max_age(max_age),
        claims=claims,
        acr_values=(*claims.wished_acr, *(tuple((parameters.get("acr_values") or "").split()) or default_acr_values)),
        login_hint=hint if hint and len(hint) <= LONGEST_LOGIN_HINT and hint.isprintable() else None,
        nonce=nonce,
    )


def parse_prompt(prompt: str | None) -> frozenset[str]:
    """Reads the values of prompt. Raises AuthorizationError for an unknown one, and for none together with others."""
    values = frozenset((prompt or "").split(" ")) - {""}
    if not values <= set(PROMPTS):
        raise refuse("prompt", f"made of {', '.join(PROMPTS)}", prompt)
    if NONE in values and len(values) > 1:
        raise refuse("prompt", "none and nothing beside it, or other values", prompt)
    return values


def parse_max_age(max_age: str) -> int:
    """Reads max_age: the greatest age of the login in seconds. Raises AuthorizationError if it is not a number."""
    if not SECONDS.fullmatch(max_age):
        raise refuse("max_age", "a number of seconds", max_age)
    return int(max_age)


def parse_claims(text: str | None) -> ClaimsRequest:
    """Reads the claims parameter.

    Raises AuthorizationError if it is malformed, or if no login here has the essential acr.
    """
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
    """Returns the error that names the wrong parameter; its reason keeps what came, for the client's developers."""
    sentence = f"The parameter {name} must be {expected}."
    return AuthorizationError(INVALID_REQUEST, sentence, Reason(name, expected, shown(got or "")))
