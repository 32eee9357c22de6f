"""The client credentials grant (RFC 6749 §4.4): the client acts for itself, under its own standing grant."""

from attrs import frozen
from oauthlib.oauth2.rfc6749.errors import InvalidScopeError, UnauthorizedClientError

from iam.oauth.reasons import Reason, carrying
from iam.protocol.token_request import TokenRequest
from iam.secrets import minted
from iam.settings import Settings
from iam.store.access_tokens import AccessTokens, IssueAccessToken
from iam.tokens.bearer_tokens import BearerTokens
from iam.tokens.response import TokenResponse

GRANT_TYPE = "client_credentials"


@frozen
class ClientCredentials:
    """Saves the token that a client gets for itself."""

    access_tokens: AccessTokens
    response: TokenResponse
    bearer: BearerTokens
    settings: Settings

    async def save(self, request: TokenRequest) -> dict[str, object]:
        """Store the token in one statement; raises UnauthorizedClientError if the client was locked out meanwhile."""
        token = self.bearer.access_token(request.received)
        issued = await self.access_tokens.issue(
            IssueAccessToken(
                digest=minted.digest(token),
                day=minted.day_of(token),
                grant_id=request.client.grant_id,
                scope=" ".join(request.scopes),
                audience=request.audience,
                now=request.received,
                lifetime=self.settings.access_token_lifetime,
            )
        )
        if issued is None:
            got = "the application was disabled, or its own grant or resource ended, a moment ago"
            reason = Reason("grant", "the application's own, which lives", got)
            raise carrying(UnauthorizedClientError("This client may not get tokens for itself."), reason)
        if not issued.scope:
            reason = Reason("scope", "one that means something to the resource", "none that does, since a moment ago")
            raise carrying(InvalidScopeError("No scope of the request means anything to this resource."), reason)
        return await self.response.members(request.client, token, issued, None, request.received)
