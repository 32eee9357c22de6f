"""An MCP server as the documentation of the MCP SDK has it: a protected resource that asks this server about tokens.

python mcp_server.py ISSUER PORT CLIENT_ID CLIENT_SECRET [SCOPE ...]: the scopes are those of its metadata.
"""

import sys

import httpx2
from mcp.server.auth.provider import AccessToken, TokenVerifier
from mcp.server.auth.settings import AuthSettings
from mcp.server.mcpserver import MCPServer

ISSUER, PORT, CLIENT_ID, CLIENT_SECRET, *SCOPES = sys.argv[1:]
RESOURCE = f"http://localhost:{PORT}/mcp"


class Introspection(TokenVerifier):
    """Asks the authorization server (RFC 7662)."""

    async def verify_token(self, token: str) -> AccessToken | None:
        async with httpx2.AsyncClient(auth=(CLIENT_ID, CLIENT_SECRET)) as client:
            said = (await client.post(f"{ISSUER}/introspect", data={"token": token})).json()
        if not said.get("active"):
            return None
        return AccessToken(
            token=token,
            client_id=said["client_id"],
            scopes=said["scope"].split(),
            expires_at=said["exp"],
            resource=said.get("aud"),
            subject=said.get("sub"),
        )


server = MCPServer(
    "Tools",
    token_verifier=Introspection(),
    auth=AuthSettings(
        issuer_url=ISSUER, resource_server_url=RESOURCE, required_scopes=SCOPES or None, validate_token_resource=True
    ),
)


@server.tool()
def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


server.run(transport="streamable-http", host="127.0.0.1", port=int(PORT))
