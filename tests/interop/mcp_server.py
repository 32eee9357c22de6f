"""An MCP server as the documentation of the MCP SDK has it: a protected resource that asks this server about tokens.

python mcp_server.py ISSUER PORT CLIENT_ID CLIENT_SECRET [SCOPE ...]: the scopes are those of its metadata. The SDK knows no DPoP:
what stands before it checks the proof of a bound token (RFC 9449 §7), and hands the token on.
"""

import sys
from base64 import urlsafe_b64encode
from contextvars import ContextVar
from hashlib import sha256

import httpx2
import uvicorn
from jwskate import Jwk
from mcp.server.auth.provider import AccessToken, TokenVerifier
from mcp.server.auth.settings import AuthSettings
from mcp.server.mcpserver import MCPServer
from requests_oauth2client import validate_dpop_proof
from starlette.types import ASGIApp, Receive, Scope, Send

ISSUER, PORT, CLIENT_ID, CLIENT_SECRET, *SCOPES = sys.argv[1:]
RESOURCE = f"http://localhost:{PORT}/mcp"
PROVEN: ContextVar[str | None] = ContextVar("PROVEN", default=None)  # the key that signed the proof of this request


class Introspection(TokenVerifier):
    """Asks the authorization server (RFC 7662)."""

    async def verify_token(self, token: str) -> AccessToken | None:
        async with httpx2.AsyncClient(auth=(CLIENT_ID, CLIENT_SECRET)) as client:
            said = (await client.post(f"{ISSUER}/introspect", data={"token": token})).json()
        if not said.get("active") or said.get("cnf", {}).get("jkt") != PROVEN.get():
            return None
        return AccessToken(
            token=token,
            client_id=said["client_id"],
            scopes=said["scope"].split(),
            expires_at=said["exp"],
            resource=said.get("aud"),
            subject=said.get("sub"),
        )


class Proofs:
    """Stands before the SDK's application."""

    def __init__(self, application: ASGIApp) -> None:
        self.application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope.get("headers", ()))
        scheme, _, token = headers.get(b"authorization", b"").partition(b" ")
        if scheme == b"DPoP":
            ath = urlsafe_b64encode(sha256(token).digest()).rstrip(b"=").decode()
            method = scope["method"]
            proof = validate_dpop_proof(headers[b"dpop"], htm=method, htu=RESOURCE, ath=ath, algs=["ES256"])
            PROVEN.set(Jwk(proof.headers["jwk"]).thumbprint())
            headers[b"authorization"] = b"Bearer " + token
            scope = {**scope, "headers": list(headers.items())}
        await self.application(scope, receive, send)


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


uvicorn.run(Proofs(server.streamable_http_app()), host="127.0.0.1", port=int(PORT))
