"""A protected resource of our own: who is calling? (RFC 6750)"""

from attrs import frozen

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

    async def get(self, request: Request) -> Answer:
        """Who is calling, for whom, and for how long."""
        token = bearer.token_of(authorization(request))
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
        return json_answer(200, document)

    @property
    def uri(self) -> str:
        """Our name as a resource (RFC 8707); a token that names no resource is good here too."""
        return self.introspection.issuer + PATH
