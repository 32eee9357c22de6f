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
    "SENTENCES",
    "CustomOAuth2Error",
    "FatalClientError",
    "InvalidClientError",
    "InvalidRequestError",
    "OAuth2Error",
    "UnauthorizedClientError",
]

# Descriptions for errors that oauthlib has none for.
SENTENCES: Final = {
    "invalid_client": "Client authentication failed.",
    "invalid_grant": "The code or the refresh token is not valid for this client.",
    "invalid_scope": "The scope is unknown, or more than this client may ask for.",
    "unauthorized_client": "This client is not registered for this grant type.",
}
