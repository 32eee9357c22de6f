"""An MCP client as the documentation of the MCP SDK has it, which registers itself and uses a tool.

python mcp_client.py URL METADATA [DOCUMENT | CLIENT]: with the URL of its document, or with what it is registered as, it
registers nothing. It says where the person is to go, reads where the browser was sent, and says what came of it.
"""

import asyncio
import json
import sys
from urllib.parse import parse_qs, urlsplit

from mcp import Client
from mcp.client.auth import OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client
from mcp.shared.auth import AuthorizationCodeResult, OAuthClientInformationFull, OAuthClientMetadata, OAuthToken

URL, METADATA, *KNOWN = sys.argv[1:]
DOCUMENT = next((known for known in KNOWN if known.startswith("https://")), None)
REGISTERED = next((known for known in KNOWN if known.startswith("{")), None)


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
        create_mcp_http_client(auth=provider) as http,
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
