"""Logout tokens, which tell a relying party that a session has ended (OpenID Connect Back-Channel Logout 1.0 §2.4)."""

from datetime import datetime
from typing import Final
from uuid import UUID

from iam.openid.subjects import Subjects
from iam.records.client import Client
from iam.secrets import minted
from iam.secrets.signing_keys import Keys
from iam.service import service

TYPE: Final = "logout+jwt"
EVENT: Final = "http://schemas.openid.net/event/backchannel-logout"
LIFETIME: Final = 120  # seconds


@service
class LogoutTokens:
    """Makes logout tokens."""

    keys: Keys
    subjects: Subjects
    issuer: str

    async def issue(self, client: Client, user_id: UUID, session_id: UUID, now: datetime) -> str:
        """Returns a logout token, signed by the client's algorithm for ID tokens.

        It has the same sub and sid as those, and never a nonce.
        """
        issued_at = int(now.timestamp())
        document = {
            "iss": self.issuer,
            "sub": self.subjects.sub(client, user_id),
            "aud": client.id,
            "iat": issued_at,
            "exp": issued_at + LIFETIME,
            "jti": minted.identifier().hex,
            "events": {EVENT: {}},
            "sid": self.subjects.sid(client, session_id),
        }
        return await self.keys.signed(client.id_token_signed_response_alg, TYPE, document)
