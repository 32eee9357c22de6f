"""The client credentials grant (RFC 6749 §4.4): the client acts for itself, under its own standing grant."""

from typing import Any

from attrs import frozen
from oauthlib.oauth2 import ClientCredentialsGrant
from oauthlib.oauth2.rfc6749.errors import InvalidScopeError, UnauthorizedClientError

from iam.oauth.reasons import Reason
from iam.protocol.request import OAuthlibRequest
from iam.secrets import minted
from iam.settings import Settings
from iam.store.access_tokens import AccessTokens, IssueAccessToken
from iam.tokens.response import TokenResponse

GRANT_TYPE = "client_credentials"

__all__ = ["GRANT_TYPE", "ClientCredentials", "ClientCredentialsGrant"]


@frozen
class ClientCredentials:
    """Saves the token that a client gets for itself."""

    access_tokens: AccessTokens
    response: TokenResponse
    settings: Settings

    async def save(self, token: dict[str, Any], request: OAuthlibRequest) -> None:
        """Store the token in one statement; raises UnauthorizedClientError if the client was locked out meanwhile."""
        now = request.received
        issued = await self.access_tokens.issue(
            IssueAccessToken(
                digest=minted.digest(token["access_token"]),
                day=minted.day_of(token["access_token"]),
                grant_id=request.client.grant_id,
                scope=token["scope"],
                audience=request.audience,
                now=now,
                lifetime=self.settings.access_token_lifetime,
            )
        )
        if issued is None:
            got = "the application was disabled, or its own grant or resource ended, a moment ago"
            request.refusal = Reason("grant", "the application's own, which lives", got)
            raise UnauthorizedClientError("This client may not get tokens for itself.", request=request)
        if not issued.scope:
            request.refusal = Reason(
                "scope", "one that means something to the resource", "none that does, since a moment ago"
            )
            raise InvalidScopeError("No scope of the request means anything to this resource.", request=request)
        token.update(await self.response.members(request.client, token["access_token"], issued, None, now))
