"""People with passkeys, and what pages say to their browsers."""

import json
import re
from html import unescape
from typing import Any

from tests.authenticators import Authenticator
from tests.harness import Reply, Server
from tests.pages.conftest import Visitor
from tests.pages.form import Form, form_of

PATH = "/account/security/passkeys"
NEW = f"{PATH}/new"


def options_of(reply: Reply) -> dict[str, Any]:
    """What the page asks the browser for."""
    return attribute(reply, "options")


def signals_of(reply: Reply) -> dict[str, Any]:
    """What the page lets the keepers of passkeys know."""
    return attribute(reply, "signals")


def attribute(reply: Reply, name: str) -> dict[str, Any]:
    found = re.search(rf'data-{name}="([^"]*)"', reply.text)
    assert found, reply.text
    said: dict[str, Any] = json.loads(unescape(found[1]))
    return said


async def make(visitor: Visitor, device: Authenticator, **client: Any) -> Reply:
    """Make a passkey by its page."""
    page = await visitor.get(NEW)
    return await visitor.send(form_of(page.text), credential=device.make(options_of(page), **client))


PROVED = ("hwk", "user", "mfa")


async def session_of(server: Server, user_id: Any, amr: tuple[str, ...] = PROVED) -> str:
    """The cookie of somebody who has just logged in, by all that may be asked for."""
    cookie = await server.application.sessions.begin(None, user_id, amr=amr)
    assert cookie
    return cookie


async def somebody(server: Server, **options: Any) -> Visitor:
    """Somebody without a password, who is logged in by all that may be asked for."""
    person = await server.person(**options)
    return Visitor(server, await session_of(server, person.user_id))


async def made_by(server: Server, user_id: Any, device: Authenticator) -> None:
    """Let somebody have this passkey, and be logged in nowhere."""
    visitor = Visitor(server, await session_of(server, user_id))
    assert (await make(visitor, device)).status in (200, 303)
    await server.application.sessions.end(str(visitor.cookie))


async def one(visitor: Visitor) -> str:
    """The address of the first passkey in the list."""
    found = re.search(rf'href="({PATH}/[0-9a-f-]{{36}})"', (await visitor.get(PATH)).text)
    assert found
    return found[1]


def forms_of(reply: Reply) -> list[Form]:
    """The forms to rename a passkey, to say what it is asked for, if that can be said, and to remove it."""
    return [form_of(text) for text in re.findall("<form.*?</form>", reply.text, re.DOTALL)]
