"""Revocation of tokens (RFC 7009)."""

from twisted.logger import Logger

from iam.clock import Clock
from iam.oauth.errors import UnauthorizedClientError
from iam.oauth.reasons import Reason, carrying
from iam.records import actor
from iam.records.actor import By
from iam.records.client import Client
from iam.records.personal_token import Owner
from iam.secrets import minted
from iam.service import service
from iam.store.access_tokens import AccessTokens
from iam.store.personal_tokens import PersonalTokens
from iam.store.refresh_tokens import RefreshTokens
from iam.tokens.access_tokens import AccessTokenFormat, lasting, refresh_place

log = Logger()


@service
class Revocation:
    """Revokes access tokens and refresh tokens, and the person's grant that they stand for.

    A personal token was given to no client, so any client that has it may end it: who finds one can do that. A service
    token ends by its own client.
    """

    access_tokens: AccessTokens
    refresh_tokens: RefreshTokens
    personal_tokens: PersonalTokens
    form: AccessTokenFormat
    clock: Clock

    async def revoke(self, token: str, client: Client, address: str) -> None:
        """Ends the client's token; a token that is not ours counts as already ended (RFC 7009 §2.2).

        Raises UnauthorizedClientError if the token belongs to another client.
        """
        if not await self._revoke(token, client.client_id, actor.client(client.client_id, address)):
            reason = Reason("token", "a token of this application", "one of another application")
            raise carrying(
                UnauthorizedClientError("This token was given to another client."), reason, client_id=client.client_id
            )
        log.info("token revoked: client {client_id}", client_id=client.client_id)

    async def _revoke(self, token: str, client_id: str, by: By) -> bool:
        if place := await self.form.place(token):
            return await self.access_tokens.revoke(place.digest, place.day, client_id, self.clock.now(), by)
        if place := refresh_place(token):
            return await self.refresh_tokens.revoke(place.digest, place.day, client_id, self.clock.now(), by)
        if lasting(token):
            return await self._revoke_lasting(token, client_id, by)
        return True

    async def _revoke_lasting(self, token: str, client_id: str, by: By) -> bool:
        now = self.clock.now()
        for found in await self.personal_tokens.living(now, digest=minted.digest(token)):
            if found.client_id not in (None, client_id):
                return False
            await self.personal_tokens.revoke(found.id, Owner(found.user_id, found.client_id), now, by)
        return True
