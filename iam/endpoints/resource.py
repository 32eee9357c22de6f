"""A protected resource of our own: who is calling? (RFC 6750)"""

from attrs import frozen

from iam.oauth import bearer
from iam.oauth.introspection import Introspection, members
from iam.web.answers import Answer, json_answer
from iam.web.parameters import authorization
from iam.web.request import Request

SCOPE = "read"


@frozen
class Resource:
    """Tells the bearer of a token with scope `read` what the token says."""

    introspection: Introspection
    metadata: str  # where they are

    async def get(self, request: Request) -> Answer:
        """Who is calling, for whom, and for how long."""
        try:
            document = await self._about(bearer.token_of(authorization(request)))
        except bearer.Challenge as challenge:
            body = {name: text for name, text in challenge.parameters.items() if name.startswith("error")}
            headers = ((b"WWW-Authenticate", challenge.header(self.metadata).encode()),)
            return json_answer(challenge.status, body or {"error": "unauthorized"}, headers)
        return json_answer(200, document)

    async def _about(self, token: str) -> dict[str, object]:
        found = await self.introspection.access_token(token)
        if found is None:
            raise bearer.invalid_token()
        if SCOPE not in found.scope.split(" "):
            raise bearer.insufficient_scope(SCOPE)
        document = members(found, self.introspection.issuer)
        del document["active"]
        return document
