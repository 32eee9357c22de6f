"""The metadata of our own protected resource (RFC 9728)."""

from urllib.parse import urlsplit

from iam.endpoints import resource
from iam.http.answers import Answer, json_answer
from iam.http.request import Request
from iam.service import service

PATH = "/.well-known/oauth-protected-resource"


@service
class ResourceMetadata:
    """Tells clients that were refused at /resource where they can get tokens for it."""

    issuer: str

    @property
    def address(self) -> str:
        """The URL of the metadata: the well-known name comes before the path of the resource (RFC 9728 §3.1)."""
        url = urlsplit(self.issuer)
        return f"{url.scheme}://{url.netloc}{PATH}{url.path}{resource.PATH}"

    async def get(self, _: Request) -> Answer:
        """Returns the document of RFC 9728 §3.2."""
        document = {
            "resource": self.issuer + resource.PATH,
            "authorization_servers": [self.issuer],
            "bearer_methods_supported": ["header"],
            "scopes_supported": [resource.SCOPE],
        }
        return json_answer(200, document)
