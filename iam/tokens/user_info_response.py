"""The form of UserInfo: plain JSON, signed, encrypted, or both, as the client registered.

See OpenID Connect Core §5.3.2.
"""

import json
from typing import Final

from iam.clients.encryption_to_client import Encryption
from iam.records.client import Client
from iam.secrets.signing_keys import Keys
from iam.service import service

# Core defines none; with the typ of ID tokens, UserInfo could pass for one where this server reads them.
TYPE: Final = None


@service
class UserInfoResponse:
    """Signs and encrypts UserInfo."""

    keys: Keys
    encryption: Encryption
    issuer: str

    async def write(self, client: Client, claims: dict[str, object]) -> str | None:
        """Returns the body of type application/jwt; None if the client wants plain JSON.

        Raises OAuth2Error if the client's key cannot be had.
        """
        recipient = await self.encryption.recipient(
            client, client.userinfo_encrypted_response_alg, client.userinfo_encrypted_response_enc
        )
        alg = client.userinfo_signed_response_alg
        if alg is None:
            return recipient.encrypted(json.dumps(claims), nested=False) if recipient else None
        signed = await self.keys.signed(alg, TYPE, {**claims, "iss": self.issuer, "aud": client.id})
        return recipient.encrypted(signed) if recipient else signed
