"""The errors of OAuth, as oauthlib has them: raised wherever something is wrong, written by the endpoints (RFC 6749 §5.2)."""

from oauthlib.oauth2.rfc6749.errors import (
    CustomOAuth2Error,
    FatalClientError,
    InvalidClientError,
    InvalidRequestError,
    OAuth2Error,
    UnauthorizedClientError,
)

__all__ = [
    "CustomOAuth2Error",
    "FatalClientError",
    "InvalidClientError",
    "InvalidRequestError",
    "OAuth2Error",
    "UnauthorizedClientError",
]
