"""The form of introspection answers: plain JSON, or a signed JWT, encrypted too, where it is asked for (RFC 9701)."""

from typing import Final

from iam.clients.encryption_to_client import Encryption
from iam.clock import Clock
from iam.records.client import Client
from iam.secrets.signing_keys import Keys
from iam.service import service

TYPE: Final = "token-introspection+jwt"  # RFC 9701 §5: it passes for no other JWT
MEDIA_TYPE: Final = f"application/{TYPE}"


@service
class IntrospectionResponse:
    """Signs and encrypts answers of introspection."""

    keys: Keys
    encryption: Encryption
    clock: Clock
    issuer: str

    async def write(self, client: Client, described: dict[str, object]) -> str:
        """Returns the JWT for this client, who asked. Raises OAuth2Error if its key for encryption cannot be had.

        Issuer, audience and time of the JWT are ours; those of the token stand inside (RFC 9701 §5).
        """
        recipient = await self.encryption.recipient(
            client, client.introspection_encrypted_response_alg, client.introspection_encrypted_response_enc
        )
        now = int(self.clock.now().timestamp())
        claims = {"iss": self.issuer, "aud": client.id, "iat": now, "token_introspection": described}
        text = await self.keys.signed(client.introspection_signed_response_alg, TYPE, claims)
        return recipient.encrypted(text) if recipient else text


def wanted(accepted: str) -> bool:
    """Whether a JWT is asked for, by the media types that a request accepts (RFC 9701 §4)."""
    return any(each.partition(";")[0].strip().lower() == MEDIA_TYPE for each in accepted.split(","))
