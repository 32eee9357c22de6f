"""The authorization server's metadata (RFC 8414)."""

from collections.abc import Mapping

from attrs import frozen

from iam.oauth.grants import authorization_code
from iam.oauth.server import Server
from iam.web.answers import Answer, json_answer
from iam.web.request import Request

CLIENT_AUTHENTICATION = ["client_secret_basic", "client_secret_post"]


@frozen
class Metadata:
    """Says where the endpoints are and what they can do; `endpoints` maps metadata names to paths."""

    issuer: str
    server: Server
    endpoints: Mapping[str, str]

    async def get(self, request: Request) -> Answer:
        """The document of RFC 8414 §3.2."""
        return json_answer(200, await self.document())

    async def document(self) -> dict[str, object]:
        """The members of RFC 8414 §2, RFC 7636 §6.2 (S256 alone) and RFC 9207 §3."""
        return {
            "issuer": self.issuer,
            **{name: self.issuer + path for name, path in self.endpoints.items()},
            "scopes_supported": await self.server.scopes_supported(),
            "response_types_supported": list(authorization_code.RESPONSE_TYPES),
            "response_modes_supported": list(authorization_code.RESPONSE_MODES),
            "grant_types_supported": list(self.server.grant_types),
            "token_endpoint_auth_methods_supported": [*CLIENT_AUTHENTICATION, "none"],
            "revocation_endpoint_auth_methods_supported": [*CLIENT_AUTHENTICATION, "none"],
            "introspection_endpoint_auth_methods_supported": CLIENT_AUTHENTICATION,
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
        }
