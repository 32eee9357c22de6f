"""The successful response of the token endpoint (RFC 6749 §5.1, OpenID Connect Core §3.1.3.3)."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from uuid import UUID

from iam.clients.encryption_to_client import Encryption, Recipient
from iam.clients.targets import Targets
from iam.oauth.scopes import OPENID
from iam.openid.id_tokens import IDTokens
from iam.records.client import Client
from iam.records.client_metadata import BY_SCOPES
from iam.records.identity import Identity
from iam.service import service
from iam.tokens.access_tokens import AccessTokenFormat, Terms


@service
class TokenResponse:
    """Writes the tokens of a response; every grant with a person's identity gets its ID token here.

    `note_use` is told of each person and client that tokens are for.
    """

    form: AccessTokenFormat
    id_tokens: IDTokens
    encryption: Encryption
    note_use: Callable[[UUID, str], None]

    @property
    def targets(self) -> Targets:
        """The resources that tokens are for."""
        return self.form.targets

    async def recipient(self, client: Client) -> Recipient | None:
        """Returns the recipient that the ID token is encrypted to; None if the client wants no encryption.

        Call it before a code or refresh token is used up: it raises OAuth2Error if the client's key cannot be had, so
        that nothing is lost and nothing is sent unencrypted.
        """
        return await self.encryption.recipient(
            client, client.id_token_encrypted_response_alg, client.id_token_encrypted_response_enc
        )

    async def members(
        self,
        client: Client,
        token: str,
        terms: Terms,
        identity: Identity | None,
        now: datetime,
        *,
        recipient: Recipient | None = None,
        refreshed: bool = False,
    ) -> dict[str, object]:
        """Returns the members about the access token, and the ID token if the grant has an identity."""
        if terms.user_id is not None:
            self.note_use(terms.user_id, client.id)
        more = partial(self.id_tokens.memberships.tell_at_resources, client, terms.user_id, terms.scope)
        members = await self.form.members(client, token, terms, lambda: self._sub(client, terms), now, more)
        if identity is None or OPENID not in client.scopes:  # the client may have lost the scope since
            return members
        access_token = str(members["access_token"])
        id_token = await self.id_tokens.issue(
            client,
            identity,
            now,
            access_token=access_token,
            scopes=terms.scope.split(" ") if client.id_token_claims == BY_SCOPES else (),
            with_nonce=not refreshed,
        )
        return {**members, "id_token": recipient.encrypted(id_token) if recipient else id_token}

    def _sub(self, client: Client, terms: Terms) -> str:
        return self.id_tokens.subjects.sub(client, terms.user_id) if terms.user_id else client.id
