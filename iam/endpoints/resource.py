"""A protected resource of our own: who is calling? (RFC 6750)"""

from attrs import evolve, frozen

from iam.clients.refusals import Explanations
from iam.http.answers import Answer, json_answer
from iam.http.parameters import authorization
from iam.http.request import Request
from iam.oauth import bearer
from iam.oauth.reasons import Reason
from iam.oauth.resources import is_among
from iam.tokens.introspection import Introspection

PATH = "/resource"
SCOPE = "read"


@frozen
class ResourceEndpoint:
    """Tells the bearer of a token with scope `read` what the token says."""

    introspection: Introspection
    refusals: Explanations
    metadata: str  # where they are

    async def get(self, request: Request) -> Answer:
        """Who is calling, for whom, and for how long."""
        try:
            document = await self._about(bearer.token_of(authorization(request)))
        except bearer.Challenge as challenge:
            return refused(self._told(challenge, request))
        return json_answer(200, document)

    async def _about(self, token: str) -> dict[str, object]:
        """Return the members of introspection about an access token; raises Challenge for one that is not good here (RFC 6750 §3.1)."""
        found = await self.introspection.access_token(token)
        if found is None:
            raise bearer.invalid_token(await self.introspection.refusal(token))
        if found.audience and not is_among(self.uri, found.audience):  # RFC 9068 §4: it is for somebody else
            reason = Reason(
                "audience of the access token", self.uri, " ".join(found.audience), client_id=found.client_id
            )
            raise bearer.invalid_token(reason)
        if SCOPE not in found.scope.split(" "):
            reason = Reason("scope of the access token", SCOPE, found.scope, client_id=found.client_id)
            raise bearer.insufficient_scope(SCOPE, reason)
        document = await self.introspection.members(found)
        del document["active"]
        return document

    @property
    def uri(self) -> str:
        """Our name as a resource (RFC 8707); a token that names no resource is good here too."""
        return self.introspection.issuer + PATH

    def _told(self, challenge: bearer.Challenge, request: Request) -> bearer.Challenge:
        """The challenge with where to read why, and where our metadata are (RFC 9728 §5.1)."""
        told = self.refusals.challenging(PATH, challenge, request.client_address)
        return evolve(told, parameters={**told.parameters, "resource_metadata": self.metadata})


def refused(challenge: bearer.Challenge) -> Answer:
    """The challenge, and its error in the body too."""
    body = {name: text for name, text in challenge.parameters.items() if name.startswith("error")}
    headers = ((b"WWW-Authenticate", challenge.header.encode()),)
    return json_answer(challenge.status, body or {"error": "unauthorized"}, headers)
