"""How UserInfo is said (OpenID Connect Core §5.3.2): in JSON, signed, encrypted, or both, as the client wants it."""

import json
from typing import Final

from attrs import frozen

from iam.clients.encryption_to_client import Encryption
from iam.records.client import Client
from iam.secrets.signing_keys import Keys

TYPE: Final = None  # Core says nothing of it; that of an ID token would let it pass for one where we read those


@frozen
class UserInfoResponse:
    """Signs and encrypts UserInfo."""

    keys: Keys
    encryption: Encryption
    issuer: str

    async def write(self, client: Client, claims: dict[str, object]) -> str | None:
        """The text of application/jwt; None where the client wants plain JSON. Raises OAuth2Error if its key cannot be had."""
        recipient = await self.encryption.recipient(
            client, client.userinfo_encrypted_response_alg, client.userinfo_encrypted_response_enc
        )
        alg = client.userinfo_signed_response_alg
        if alg is None:
            return recipient.encrypted(json.dumps(claims), nested=False) if recipient else None
        signed = await self.keys.signed(alg, TYPE, {**claims, "iss": self.issuer, "aud": client.id})
        return recipient.encrypted(signed) if recipient else signed
