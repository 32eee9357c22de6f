"""Clients register themselves (RFC 7591, OpenID Connect Registration §3)."""

import json
from typing import Any

from iam import credentials
from iam.credentials import Kind
from tests.harness import REDIRECT_URI, App, Reply, Server

METADATA = {"client_name": "Shop", "redirect_uris": [REDIRECT_URI]}


async def initial(server: Server, *, uses: int | None = None, scopes: tuple[str, ...] = (), **given: Any) -> str:
    """An initial access token."""
    text = credentials.mint(Kind.INITIAL_ACCESS_TOKEN)
    await server.store.registrations.create_token(
        credentials.identifier(),
        credentials.digest(text),
        scopes=scopes,
        uses=uses,
        expires_at=given.get("expires_at"),
        now=server.now(),
    )
    return text


async def register(server: Server, token: str | None, metadata: Any = METADATA, **members: Any) -> Reply:
    """What the server says to a registration."""
    bearer = {"Authorization": f"Bearer {token}"} if token else {}
    body = metadata if isinstance(metadata, bytes) else json.dumps({**metadata, **members}).encode()
    return await server.post("/register", body, headers={"Content-Type": "application/json", **bearer})


async def test_a_client_registers_with_an_initial_access_token_and_logs_somebody_in(server: Server) -> None:
    token, person = await initial(server, uses=1), await server.person()

    registered = await register(server, token)
    app = App(registered.json["client_id"], registered.json["client_secret"])
    tokens = await server.tokens(app, person, scope="openid profile")

    assert registered.status == 201
    assert "id_token" in tokens
