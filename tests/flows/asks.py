"""Requests in parts that a case can change, and the world they are sent to."""

import re
from base64 import b64encode
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from attrs import define, evolve, field, frozen

from tests.harness import CHALLENGE, REDIRECT_URI, VERIFIER, App, Person, Reply, Server

FORM = "application/x-www-form-urlencoded"
STORED = ("grants", "authorization_codes", "access_tokens", "refresh_tokens", "consents", "clients", "users")
DESCRIPTION = re.compile(r"[\x20-\x21\x23-\x5b\x5d-\x7e]+")  # RFC 6749 §5.2


def counts(admin: Any) -> dict[str, int]:
    found = {}
    for table in STORED:
        admin.execute(f"select count(*) from {table}")
        found[table] = admin.fetchone()[0]
    return found


def basic(client_id: str, secret: str | None) -> str:
    return "Basic " + b64encode(f"{client_id}:{secret}".encode()).decode()


@frozen
class Ask:
    """A request, in parts that a case can change."""

    path: str
    form: Mapping[str, str] = field(factory=dict)
    authorization: str | None = None
    method: str = "POST"
    query: str = ""
    headers: Mapping[str, Any] = field(factory=dict)
    body: bytes | None = None  # in place of the form

    async def send(self, server: Server) -> Reply:
        headers = {"Content-Type": FORM, **({"Authorization": self.authorization} if self.authorization else {})}
        if self.method in ("GET", "HEAD"):
            del headers["Content-Type"]
        given_headers = {name: value for name, value in {**headers, **self.headers}.items() if value is not None}
        body = self.body if self.body is not None else urlencode(self.form).encode()
        return await server.request(
            self.method,
            self.path + (f"?{self.query}" if self.query else ""),
            data=body if self.method not in ("GET", "HEAD") else None,
            headers={"Content-Type": ""} | given_headers if "Content-Type" not in given_headers else given_headers,
        )

    def with_form(self, **changes: str | None) -> "Ask":
        form = {name: value for name, value in {**self.form, **changes}.items() if value is not None}
        return evolve(self, form=form)

    @property
    def encoded(self) -> bytes:
        return urlencode(self.form).encode()

    def adding(self, raw: bytes) -> "Ask":
        return evolve(self, body=self.encoded + b"&" + raw)


@define
class World:
    """Who there is: clients of several kinds, a person, and what they were given."""

    server: Server
    admin: Any
    app: App
    other: App
    public: App
    narrow: App  # no grant type but authorization_code, no scope but read
    person: Person

    async def good(self, kind: str) -> Ask:
        """A request of this kind that would succeed."""
        return await getattr(self, kind)()

    async def client_credentials(self) -> Ask:
        return Ask("/token", {"grant_type": "client_credentials", "scope": "read"}, self.app.basic["Authorization"])

    async def authorization_code(self) -> Ask:
        code = await self.server.code(self.app, self.person)
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT_URI}
        return Ask("/token", {**form, "code_verifier": VERIFIER}, self.app.basic["Authorization"])

    async def refresh_token(self) -> Ask:
        token = (await self.server.tokens(self.app, self.person))["refresh_token"]
        form = {"grant_type": "refresh_token", "refresh_token": token, "scope": "read"}
        return Ask("/token", form, self.app.basic["Authorization"])

    async def revoke(self) -> Ask:
        return Ask("/revoke", {"token": await self.token(self.app)}, self.app.basic["Authorization"])

    async def introspect(self) -> Ask:
        return Ask("/introspect", {"token": await self.token(self.app)}, self.app.basic["Authorization"])

    async def token(self, app: App) -> str:
        return str((await self.server.token(app, grant_type="client_credentials")).json["access_token"])

    async def authorize(self) -> Ask:
        parameters = {
            "response_type": "code",
            "client_id": self.app.client_id,
            "redirect_uri": REDIRECT_URI,
            "scope": "read",
            "state": "xyz",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        }
        return Ask("/authorize", parameters, method="GET", headers=self.person.headers)
