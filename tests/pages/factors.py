"""People with a second factor, and how they prove it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pyotp
from attrs import frozen

from iam.people.factors.totp import of
from iam.records import actor
from tests.harness import Reply, Server
from tests.pages.conftest import PASSWORD, Visitor, make_account
from tests.pages.form import form_of

STEP = 30  # seconds


@frozen
class App:
    """An authenticator app on somebody's telephone."""

    codes: pyotp.TOTP

    def code(self, now: datetime, steps: int = 0) -> str:
        """The code that it shows, or showed so many steps away."""
        return self.codes.at(now + steps * timedelta(seconds=STEP))


async def add_app(server: Server, user_id: Any) -> App:
    """The app of somebody who has none yet; the code by which it was confirmed is older than those of today."""
    apps = server.application.authenticator_apps
    sealed = apps.propose(user_id)
    secret = apps.read(user_id, sealed)
    assert secret is not None
    before = server.now().timestamp() - STEP
    assert await apps.confirm(user_id, sealed, of(secret).generate(int(before)).decode(), actor.person(user_id, ""))
    return App(pyotp.TOTP(pyotp_secret(secret)))


def pyotp_secret(secret: bytes) -> str:
    from base64 import b32encode

    return b32encode(secret).decode()


async def somebody_with_an_app(server: Server, username: str = "ada") -> tuple[Visitor, App]:
    """Somebody who has typed their password, and has to type a code."""
    user_id = await make_account(server, username, f"{username}@example.org")
    app = await add_app(server, user_id)
    return await with_password(server, username), app


async def with_password(server: Server, username: str = "ada", path: str = "/login", **fields: str) -> Visitor:
    visitor = Visitor(server)
    await visitor.send(await visitor.form(path), login=username, password=PASSWORD, **fields)
    return visitor


async def follow(visitor: Visitor, reply: Reply) -> Reply:
    """The page that a redirect of ours leads to in the end."""
    while reply.status == 303:
        reply = await visitor.get(reply.location)
    return reply


async def type_code(visitor: Visitor, code: str, page: Reply | None = None, **more: Any) -> Reply:
    """Type a code on the page that asks for it."""
    page = page or await follow(visitor, await visitor.get("/login/factor"))
    assert page.status == 200, page.text
    return await visitor.send(form_of(page.text), code=code, **more)


def amr_of(admin: Any) -> Mapping[str, list[str]]:
    """The methods of each living session, by username."""
    admin.execute("select u.username, s.amr from sessions s join users u on u.id = s.user_id")
    return dict(admin.fetchall())
