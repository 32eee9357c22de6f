"""Bearer tokens in requests to a protected resource, and the challenges that refuse them (RFC 6750)."""

import re
from collections.abc import Mapping

from attrs import field, frozen

from iam.oauth.reasons import Reason

TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")  # b64token of RFC 6750 §2.1


@frozen
class Challenge(Exception):
    """A refusal at a protected resource, with the parameters of its challenge (RFC 6750 §3)."""

    status: int
    parameters: Mapping[str, str] = field(factory=dict)
    reason: Reason | None = None
    nonce: str | None = None  # that a DPoP proof lacks (RFC 9449 §9)

    @property
    def header(self) -> str:
        """The value of the WWW-Authenticate header, for the scheme Bearer."""
        return self.text("Bearer", {})

    def text(self, scheme: str, more: Mapping[str, str]) -> str:
        """Returns the value of the WWW-Authenticate header for a scheme, with `more` parameters."""
        return challenge(scheme, {"realm": "iam", **self.parameters, **more})


@frozen
class Presented:
    """An access token in a request, and whether it came by the scheme `DPoP`, for tokens that are bound to a key."""

    token: str = field(repr=False)
    by_dpop: bool = False


def challenge(scheme: str, parameters: Mapping[str, str]) -> str:
    """Returns a challenge as text (RFC 9110 §11.6.1)."""
    return f"{scheme} " + ", ".join(f'{name}="{value}"' for name, value in parameters.items())


def by_dpop(authorization: str | None) -> bool:
    """Tells whether the Authorization header has the scheme `DPoP` (RFC 9449 §7.1)."""
    return authorization is not None and authorization[:5].lower() == "dpop "


def presented(authorization: str | None) -> Presented:
    """Returns the token in the Authorization header, by the scheme Bearer or DPoP; raises Challenge."""
    scheme = "dpop" if by_dpop(authorization) else "bearer"
    return Presented(token_of(authorization, scheme), by_dpop=scheme == "dpop")


def token_of(authorization: str | None, wanted: str = "bearer") -> str:
    """Returns the token in the Authorization header, the only place it is read from (G10); raises Challenge."""
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != wanted:
        raise Challenge(401)
    if not TOKEN.fullmatch(token.strip(" ")):
        reason = Reason("access token", "one after the name of the scheme", "none, or characters that no token has")
        raise invalid_request("The Authorization header holds no token.", reason)
    return token.strip(" ")


def invalid_request(sentence: str, reason: Reason) -> Challenge:
    """Returns the challenge for a malformed request (RFC 6750 §3.1); `sentence` is its error_description."""
    return Challenge(400, {"error": "invalid_request", "error_description": sentence}, reason)


def invalid_token(reason: Reason) -> Challenge:
    """Returns the challenge for a token that is expired, revoked, malformed or not ours (RFC 6750 §3.1)."""
    return Challenge(401, {"error": "invalid_token", "error_description": "The access token is not valid."}, reason)


def insufficient_scope(scope: str, reason: Reason) -> Challenge:
    """Returns the challenge for a valid token that lacks `scope` (RFC 6750 §3.1)."""
    return Challenge(
        403,
        {"error": "insufficient_scope", "error_description": "The access token lacks a scope.", "scope": scope},
        reason,
    )


def insufficient_authentication(sentence: str, max_age: int, acr: str | None, reason: Reason) -> Challenge:
    """Returns the challenge for a login that is older than `max_age` seconds, or does not reach the class `acr` (RFC 9470 §3)."""
    told = {"error": "insufficient_user_authentication", "error_description": sentence, "max_age": str(max_age)}
    return Challenge(401, told | ({"acr_values": acr} if acr else {}), reason)
