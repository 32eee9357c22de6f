"""The metadata of registered resources, for those that refer to this server in their challenges (RFC 9728 §3.3, §5.1)."""

from iam.clients.targets import Targets
from iam.endpoints.errors import described
from iam.http.answers import Answer, json_answer
from iam.http.parameters import query_parameters
from iam.http.request import Request
from iam.oauth import resource_metadata
from iam.service import service

UNKNOWN = "No resource of this name is registered here."


@service
class RegisteredResources:
    """Describes each enabled resource, by its name in the query."""

    issuer: str
    targets: Targets

    async def get(self, request: Request) -> Answer:
        """Returns the document of RFC 9728 §3.2, or 404. Raises ParameterError."""
        named = query_parameters(request).all("resource")
        resource = await self.targets.resources.find(named[0]) if len(named) == 1 else None
        if resource is None or not resource.enabled:
            return json_answer(404, described("invalid_target", UNKNOWN))
        scopes = await self.targets.published(resource)
        return json_answer(200, resource_metadata.document(self.issuer, resource.uri, scopes))
