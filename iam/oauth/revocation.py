"""Ending tokens (RFC 7009)."""

from attrs import frozen
from oauthlib.oauth2.rfc6749.errors import UnauthorizedClientError
from twisted.logger import Logger

from iam import credentials
from iam.clock import Clock
from iam.credentials import Kind
from iam.store.access_tokens import AccessTokens
from iam.store.clients import Client
from iam.store.refresh_tokens import RefreshTokens

log = Logger()


@frozen
class Revocation:
    """Revokes tokens by their kind, and the person's grant that they stand for."""

    access_tokens: AccessTokens
    refresh_tokens: RefreshTokens
    clock: Clock

    async def revoke(self, token: str, client: Client) -> None:
        """End the client's token; what is no token of ours is ended already (RFC 7009 §2.2).

        Raises UnauthorizedClientError for another client's.
        """
        tokens = self.table_of(token)
        if tokens is None:
            return
        digest, day = credentials.digest(token), credentials.day_of(token)
        own = await tokens.revoke(digest, day, client.client_id, self.clock.now())
        if not own:
            raise UnauthorizedClientError("This token was given to another client.")
        log.info("token revoked: client {client_id}", client_id=client.client_id)

    def table_of(self, token: str) -> AccessTokens | RefreshTokens | None:
        """Where a token of this form lies, if there is such a form."""
        if credentials.well_formed(token, Kind.ACCESS_TOKEN):
            return self.access_tokens
        return self.refresh_tokens if credentials.well_formed(token, Kind.REFRESH_TOKEN) else None
