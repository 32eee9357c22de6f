"""A client that pushes its authorization requests, and a browser that brings their handles."""

from typing import Any
from urllib.parse import urlencode

from attrs import define, field

from tests.harness import CHALLENGE, REDIRECT_URI, App, Person, Reply, Server, action, fields

COOKIE = "iam_request"


def asking(**changes: str | None) -> dict[str, str]:
    """A good request, changed; None takes a parameter away."""
    good = {
        "response_type": "code",
        "redirect_uri": REDIRECT_URI,
        "scope": "read",
        "state": "pushed",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }
    return {name: value for name, value in {**good, **changes}.items() if value is not None}


async def push(server: Server, app: App, data: Any = None, **changes: str | None) -> Reply:
    """What the server says to a request that this client pushes."""
    proof = app.basic if app.secret else {}
    return await server.post("/par", data or {"client_id": app.client_id, **asking(**changes)}, headers=proof)


async def handle(server: Server, app: App, **changes: str | None) -> str:
    """The handle of a pushed request."""
    reply = await push(server, app, **changes)
    assert reply.status == 201, reply.text
    return str(reply.json["request_uri"])


@define
class Browser:
    """A browser in which somebody is logged in, with the cookie that it is given for pushed requests."""

    server: Server
    person: Person | None = None
    cookie: str = field(default="")

    @property
    def headers(self) -> dict[str, str]:
        cookies = [self.person.headers["Cookie"]] if self.person else []
        return {"Cookie": "; ".join([*cookies, *([f"{COOKIE}={self.cookie}"] if self.cookie else [])])}

    async def open(self, client_id: str | None, request_uri: str, **outside: str) -> Reply:
        """What it is shown at the authorization endpoint."""
        told = {**({"client_id": client_id} if client_id else {}), "request_uri": request_uri, **outside}
        return self.keep(await self.server.get("/authorize?" + urlencode(told), headers=self.headers))

    async def decide(self, page: Reply, decision: str = "allow") -> Reply:
        """The person answers the consent page."""
        assert page.status == 200, page.text
        form = {**fields(page.text), "decision": decision}
        headers = {**self.headers, "Origin": self.server.settings.origin}
        return self.keep(await self.server.post(action(page.text), form, headers=headers))

    def keep(self, reply: Reply) -> Reply:
        """Keeps the cookie that the reply sets."""
        for line in reply.headers.getRawHeaders("set-cookie") or []:
            name, _, value = line.partition(";")[0].partition("=")
            self.cookie = value if name == COOKIE else self.cookie
        return reply
