"""Authorization responses in a JWT: nobody on the way changes them, or reads them where they are encrypted (JARM)."""

from typing import Final

from attrs import evolve

from iam.authorization.response import AuthorizationResponse, carrier, signed
from iam.clients.encryption_to_client import Encryption, Recipient
from iam.clock import Clock
from iam.oauth.errors import FatalClientError, OAuth2Error
from iam.oauth.reasons import carrying, of
from iam.records.client import Client
from iam.secrets.signing_keys import Keys
from iam.service import service

PARAMETER: Final = "response"
TYPE: Final = None  # JARM defines none; with that of ID tokens a response could pass for one
LIFETIME: Final = 600  # seconds (JARM §2.1)


class UnanswerableError(FatalClientError):  # type: ignore[misc]
    """The client wants its response encrypted, and its key cannot be had: nothing is sent instead."""


@service
class SignedResponses:
    """Signs authorization responses, and encrypts them to clients that are registered for it."""

    keys: Keys
    encryption: Encryption
    clock: Clock
    issuer: str

    async def secured(self, client: Client, response: AuthorizationResponse) -> AuthorizationResponse:
        """Returns the response as its mode has it, a JWT or not (JARM §2.3). Raises UnanswerableError.

        The issuer in the JWT is the `iss` of RFC 9207, and stands nowhere else.
        """
        if not signed(response.mode):
            return response
        recipient = await self.recipient(client)
        end = int(self.clock.now().timestamp()) + LIFETIME
        claims = {**dict(response.members), "iss": self.issuer, "aud": client.id, "exp": end}
        text = await self.keys.signed(client.authorization_signed_response_alg, TYPE, claims)
        told = recipient.encrypted(text) if recipient else text
        return evolve(response, members=((PARAMETER, told),), mode=carrier(response.mode))

    async def check(self, client: Client, mode: str | None) -> None:
        """Raises UnanswerableError if no response to this client could be sent in this mode."""
        if signed(mode):
            await self.recipient(client)

    async def recipient(self, client: Client) -> Recipient | None:
        """Returns the client as the recipient of encrypted responses; None if it wants none. Raises UnanswerableError."""
        alg, enc = client.authorization_encrypted_response_alg, client.authorization_encrypted_response_enc
        try:
            return await self.encryption.recipient(client, alg, enc)
        except OAuth2Error as error:
            raise carrying(UnanswerableError(error.description), of(error)) from None
