"""The errors of OAuth, from oauthlib; any module raises them, and endpoints write the responses (RFC 6749 §5.2)."""

from typing import Final

from oauthlib.oauth2.rfc6749.errors import (
    CustomOAuth2Error,
    FatalClientError,
    InvalidClientError,
    InvalidRequestError,
    OAuth2Error,
    UnauthorizedClientError,
)

__all__ = [
    "EXPECTED",
    "SENTENCES",
    "CustomOAuth2Error",
    "FatalClientError",
    "InvalidClientError",
    "InvalidProofError",
    "InvalidRequestError",
    "NonceNeededError",
    "OAuth2Error",
    "UnauthorizedClientError",
]


class InvalidProofError(OAuth2Error):  # type: ignore[misc]
    """A DPoP proof is missing, or is not valid for this request (RFC 9449 §5, §7.1)."""

    error = "invalid_dpop_proof"


class NonceNeededError(OAuth2Error):  # type: ignore[misc]
    """A DPoP proof lacks the `nonce`, or has an old one (RFC 9449 §8, §9); the client makes another."""

    error = "use_dpop_nonce"
    description = "The DPoP proof needs the nonce in the header DPoP-Nonce."

    def __init__(self, nonce: str) -> None:
        super().__init__()
        self.nonce = nonce


# What is no refusal: the client asks again, in a few seconds (RFC 8628 §3.5) or with the nonce that it got (RFC 9449 §8).
# No reason is kept, and no line logged.
EXPECTED: Final = frozenset({"authorization_pending", "slow_down", NonceNeededError.error})

# Descriptions for errors that oauthlib has none for.
SENTENCES: Final = {
    "invalid_client": "Client authentication failed.",
    "invalid_grant": "The code or the refresh token is not valid for this client.",
    "invalid_scope": "The scope is unknown, or more than this client may ask for.",
    "unauthorized_client": "This client is not registered for this grant type.",
}
