"""A protected resource of our own, which describes the access token that it is called with (RFC 6750)."""

from iam.endpoints.dpop import sent_proof
from iam.http.answers import Answer, json_answer
from iam.http.parameters import authorization
from iam.http.request import Request
from iam.oauth import bearer
from iam.oauth.reasons import Reason
from iam.oauth.resources import is_among
from iam.service import service
from iam.tokens.introspection import Introspection
from iam.tokens.possession import Possession

PATH = "/resource"
SCOPE = "read"


@service
class ResourceEndpoint:
    """Answers requests with an access token of scope `read`."""

    introspection: Introspection
    possession: Possession

    async def get(self, request: Request) -> Answer:
        """Returns the members of introspection, without `active`. Raises Challenge (RFC 6750 §3.1)."""
        presented = bearer.presented(authorization(request))
        found = await self.introspection.access_token(presented.token)
        if found is None:
            raise bearer.invalid_token(await self.introspection.refusal(presented.token))
        await self.possession.prove(presented, found, sent_proof(request), request.certificate)
        if found.audience and not is_among(self.uri, found.audience):  # RFC 9068 §4: it is for another resource
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
        """The resource's URI (RFC 8707); tokens for no particular resource are accepted too."""
        return self.introspection.issuer + PATH
