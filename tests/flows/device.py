"""A device that asks, and the browser of who decides about it (RFC 8628)."""

from typing import Any

from attrs import frozen

from tests.harness import App, Person, Reply, Server
from tests.pages.conftest import Visitor
from tests.pages.form import form_of

DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
GRANTS = (DEVICE, "refresh_token")
TELEVISION = {"User-Agent": "curl/8.5.0"}


@frozen
class Device:
    """A device that has its codes."""

    server: Server
    app: App
    told: Any

    @property
    def code(self) -> str:
        """The code that it shows."""
        return str(self.told["user_code"])

    async def poll(self, **parameters: str) -> Reply:
        """Ask what became of it."""
        return await self.server.token(
            self.app, **{"grant_type": DEVICE, "device_code": self.told["device_code"], **parameters}
        )

    async def tokens(self) -> Any:
        """What it gets."""
        reply = await self.poll()
        assert reply.status == 200, reply.text
        return reply.json


async def device(server: Server, app: App | None = None, **parameters: str) -> Device:
    """A device of this application, by default of a public one, that has asked."""
    app = app or await tv(server)
    reply = await server.post("/device_authorization", {**app.form, **parameters}, headers=TELEVISION)
    assert reply.status == 200, reply.text
    return Device(server, app, reply.json)


async def tv(server: Server, auth_method: str = "none", **metadata: Any) -> App:
    """An application of devices."""
    told = {"scopes": ("openid", "offline_access", "read", "write"), "grant_types": GRANTS, **metadata}
    return await server.app(auth_method=auth_method, redirect_uris=(), **told)


async def question(visitor: Visitor, code: str) -> Reply:
    """Type a code, and what comes then."""
    reply = await visitor.send(await visitor.form("/device"), user_code=code)
    assert reply.status == 303, reply.text
    return await visitor.get(reply.location)


async def decide(visitor: Visitor, code: str, decision: str = "allow", **changes: Any) -> Reply:
    """Type a code, and decide."""
    reply = await question(visitor, code)
    assert reply.status == 200, reply.text
    return await visitor.send(form_of(reply.text), decision=decision, **changes)


def at_browser(server: Server, person: Person) -> Visitor:
    """Somebody at their browser."""
    return Visitor(server, person.cookie)


async def allowed(server: Server, person: Person, app: App | None = None, **parameters: str) -> Device:
    """A device that this person has allowed what it asked for."""
    made = await device(server, app, **parameters)
    reply = await decide(at_browser(server, person), made.code)
    assert reply.status == 200, reply.text
    return made
