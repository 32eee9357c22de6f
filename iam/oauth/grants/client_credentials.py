"""The client credentials grant (RFC 6749 §4.4): the client acts for itself, under its own standing grant."""

from datetime import timedelta
from typing import Any

from attrs import frozen
from oauthlib.oauth2 import ClientCredentialsGrant
from oauthlib.oauth2.rfc6749.errors import UnauthorizedClientError

from iam import credentials
from iam.clock import Clock
from iam.oauth.request import Request
from iam.store.access_tokens import AccessTokens

GRANT_TYPE = "client_credentials"

__all__ = ["GRANT_TYPE", "ClientCredentials", "ClientCredentialsGrant"]


@frozen
class ClientCredentials:
    """Saves the token that a client gets for itself."""

    access_tokens: AccessTokens
    clock: Clock

    async def save(self, token: dict[str, Any], request: Request) -> None:
        """Store the token in one statement; raises UnauthorizedClientError if the client was locked out meanwhile."""
        now = self.clock.now()
        stored = await self.access_tokens.issue(
            credentials.digest(token["access_token"]),
            request.client.grant_id,
            token["scope"],
            now,
            now + timedelta(seconds=token["expires_in"]),
        )
        if not stored:
            raise UnauthorizedClientError("This client may not get tokens for itself.", request=request)
