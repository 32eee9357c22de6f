"""A program that registers itself: what it sends, and what it is told."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from attrs import frozen

from iam.records.actor import SERVER
from iam.secrets import minted
from iam.secrets.minted import Kind
from tests.harness import REDIRECT_URI, App, Reply, Server

METADATA: Mapping[str, Any] = {"client_name": "Shop", "redirect_uris": [REDIRECT_URI]}


async def initial_access_token(
    server: Server, *, uses: int | None = None, scopes: tuple[str, ...] = (), expires_at: datetime | None = None
) -> str:
    """A new initial access token."""
    text = minted.mint(Kind.INITIAL_ACCESS_TOKEN)
    await server.store.registrations.create_token(
        minted.identifier(),
        minted.digest(text),
        scopes=scopes,
        uses=uses,
        expires_at=expires_at,
        now=server.now(),
        by=SERVER,
    )
    return text


async def register(server: Server, token: str | None, document: Any = METADATA, **members: Any) -> Reply:
    """What the server says to a registration with these metadata, or this body."""
    return await send(server, "POST", server.url + "/register", token, document, **members)


async def send(server: Server, method: str, url: str, token: str | None, document: Any, **members: Any) -> Reply:
    """What the server says to JSON."""
    bearer = {"Authorization": f"Bearer {token}"} if token else {}
    body = document if isinstance(document, bytes) else json.dumps({**document, **members}).encode()
    return await server.request(method, url, data=body, headers={"Content-Type": "application/json", **bearer})


@frozen
class Registered:
    """A client that has registered itself."""

    server: Server
    document: Any

    @property
    def app(self) -> App:
        return App(self.document["client_id"], self.document.get("client_secret"))

    @property
    def uri(self) -> str:
        return str(self.document["registration_client_uri"])

    @property
    def token(self) -> str:
        return str(self.document["registration_access_token"])

    async def read(self, token: str | None = None) -> Reply:
        """What the server says of the client."""
        return await self.server.get(self.uri, headers={"Authorization": f"Bearer {token or self.token}"})

    async def update(self, document: Any = METADATA, *, token: str | None = None, **members: Any) -> Reply:
        """What the server says to other metadata."""
        members = {"client_id": self.document["client_id"], **members}
        return await send(self.server, "PUT", self.uri, token or self.token, document, **members)

    async def delete(self, token: str | None = None) -> Reply:
        """What the server says to the client's end."""
        return await self.server.request("DELETE", self.uri, headers={"Authorization": f"Bearer {token or self.token}"})


async def registered(server: Server, scopes: tuple[str, ...] = (), **members: Any) -> Registered:
    """A client that has registered itself with these metadata, and an initial access token for these scopes."""
    reply = await register(server, await initial_access_token(server, scopes=scopes), **members)
    assert reply.status == 201, reply.text
    return Registered(server, reply.json)


async def stranger(server: Server, **members: Any) -> App:
    """A client that nobody answers for: it has registered itself where registration is open, without a token."""
    reply = await register(server, None, **{"client_name": "Stranger", "scope": "openid", **members})
    assert reply.status == 201, reply.text
    return App(reply.json["client_id"], reply.json.get("client_secret"))
