"""An MCP client as the documentation of the MCP SDK has it, which registers itself and uses a tool.

python mcp_client.py URL METADATA [DOCUMENT | CLIENT] [dpop]: with the URL of its document, or with what it is registered as, it
registers nothing. It says where the person is to go, reads where the browser was sent, and says what came of it. The SDK knows
no DPoP: the transport below it, which httpx lets one choose, adds the proofs (RFC 9449).
"""

import asyncio
import json
import sys
from base64 import urlsafe_b64encode
from hashlib import sha256
from urllib.parse import parse_qs, urlsplit

import httpx2
from mcp import Client
from mcp.client.auth import OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client
from mcp.shared.auth import AuthorizationCodeResult, OAuthClientInformationFull, OAuthClientMetadata, OAuthToken
from requests_oauth2client import DPoPKey

URL, METADATA, *KNOWN = sys.argv[1:]
DOCUMENT = next((known for known in KNOWN if known.startswith("https://")), None)
REGISTERED = next((known for known in KNOWN if known.startswith("{")), None)


class Proving(httpx2.AsyncBaseTransport):
    """Sends each request with a proof, again when the server wants a nonce in it; the SDK thinks that its tokens are Bearer ones."""

    def __init__(self) -> None:
        self.inner = httpx2.AsyncHTTPTransport()
        self.key = DPoPKey.generate()
        self.nonce: str | None = None

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        ath = urlsafe_b64encode(sha256(token.encode()).digest()).rstrip(b"=").decode() if scheme == "Bearer" else None
        if ath:
            request.headers["Authorization"] = f"DPoP {token}"
        response = await self._send(request, ath)
        if response.status_code == 400 and "use_dpop_nonce" in (await response.aread()).decode():
            response = await self._send(request, ath)
        if request.url.path.endswith("/token"):
            said = json.loads(await response.aread())
            assert said["token_type"] == "DPoP", said
            return httpx2.Response(response.status_code, json={**said, "token_type": "Bearer"})
        return response

    async def aclose(self) -> None:
        await self.inner.aclose()

    async def _send(self, request: httpx2.Request, ath: str | None) -> httpx2.Response:
        request.headers["DPoP"] = str(self.key.proof(request.method, str(request.url), ath, self.nonce))
        response = await self.inner.handle_async_request(request)
        self.nonce = response.headers.get("DPoP-Nonce", self.nonce)
        return response


class Kept:
    """What the client keeps between its starts."""

    tokens: OAuthToken | None = None
    client_info: OAuthClientInformationFull | None = (
        OAuthClientInformationFull.model_validate_json(REGISTERED) if REGISTERED else None
    )

    async def get_tokens(self) -> OAuthToken | None:
        return self.tokens

    async def set_tokens(self, tokens: OAuthToken) -> None:
        self.tokens = tokens

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        return self.client_info

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        self.client_info = client_info


def say(**said: object) -> None:
    print(json.dumps(said), flush=True)


async def visit(address: str) -> None:
    say(visit=address)


async def called_back() -> AuthorizationCodeResult:
    line = await asyncio.to_thread(sys.stdin.readline)
    sent = {name: values[0] for name, values in parse_qs(urlsplit(json.loads(line)).query).items()}
    return AuthorizationCodeResult(code=sent["code"], state=sent.get("state"), iss=sent.get("iss"))


def http_client(provider: OAuthClientProvider) -> httpx2.AsyncClient:
    if "dpop" in KNOWN:
        return httpx2.AsyncClient(auth=provider, transport=Proving(), timeout=30)
    return create_mcp_http_client(auth=provider)


async def main() -> None:
    kept = Kept()
    provider = OAuthClientProvider(
        server_url=URL,
        client_metadata=OAuthClientMetadata.model_validate_json(METADATA),
        storage=kept,
        redirect_handler=visit,
        callback_handler=called_back,
        client_metadata_url=DOCUMENT,
    )
    async with (
        http_client(provider) as http,
        Client(streamable_http_client(URL, http_client=http)) as client,
    ):
        tools = await client.list_tools()
        result = await client.call_tool("add", {"a": 1, "b": 2})
    assert kept.tokens
    assert kept.client_info
    say(
        outcome={
            "tools": [tool.name for tool in tools.tools],
            "result": result.content[0].text,
            "tokens": kept.tokens.model_dump(mode="json"),
            "client": kept.client_info.model_dump(mode="json", exclude_none=True),
        }
    )


asyncio.run(main())
