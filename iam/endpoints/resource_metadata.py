"""The metadata of our own protected resources (RFC 9728)."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from iam.clients.dpop_headers import ALGORITHMS
from iam.endpoints import fapi_metadata, resource
from iam.http.answers import Answer, json_answer
from iam.http.request import Request
from iam.oauth import resource_metadata
from iam.service import service

BOUND = {
    "dpop_signing_alg_values_supported": list(ALGORITHMS),
    "dpop_bound_access_tokens_required": False,
}
PATH = "/.well-known/oauth-protected-resource"


@service
class ResourceMetadata:
    """Tells clients that were refused at one of our resources, /resource by default, where they can get tokens for it."""

    issuer: str
    path: str = resource.PATH
    scopes: Sequence[str] = (resource.SCOPE,)
    certificates: bool = False  # clients can show certificates, to which their tokens may be bound (RFC 8705)
    profile: str | None = None  # of FAPI 2.0: nothing weaker is named

    @property
    def address(self) -> str:
        """The URL of the metadata: the well-known name comes before the path of the resource (RFC 9728 §3.1)."""
        url = urlsplit(self.issuer)
        return f"{url.scheme}://{url.netloc}{PATH}{url.path}{self.path}"

    async def get(self, _: Request) -> Answer:
        """Returns the document of RFC 9728 §3.2; scopes that only administrators may have are not advertised."""
        described = resource_metadata.document(self.issuer, self.issuer + self.path, self.scopes)
        told = {"tls_client_certificate_bound_access_tokens": True} if self.certificates else {}
        return json_answer(200, fapi_metadata.narrowed({**described, **BOUND, **told}, self.profile))
