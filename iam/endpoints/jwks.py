"""The server's key set (RFC 7517 §5; jwks_uri of RFC 8414 §2)."""

from iam.http.answers import Answer, json_answer
from iam.http.request import Request
from iam.secrets.signing_keys import MAXIMUM_AGE, Keys
from iam.service import service

CACHED = ((b"Cache-Control", f"public, max-age={MAXIMUM_AGE}".encode()),)


@service
class Jwks:
    """Publishes the keys that verify what we sign; they may be cached for an hour, and new ones appear a day ahead."""

    keys: Keys

    async def get(self, request: Request) -> Answer:
        """Returns the keys that sign now, those that will, and those that signed what is still valid."""
        return json_answer(200, await self.keys.published(), CACHED)
