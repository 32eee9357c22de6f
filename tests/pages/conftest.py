"""People at browsers without JavaScript: they keep a cookie, open pages and send forms."""

from functools import cache
from typing import Any
from urllib.parse import urlencode

import pytest
from attrs import define

from iam.people.argon2id import hash_octets
from iam.records.actor import SERVER
from iam.secrets import minted
from tests.harness import CHALLENGE, REDIRECT_URI, App, Person, Reply, Server
from tests.pages.form import Form, form_of

PASSWORD = "correct horse battery staple 1"
TABLES = ("users", "clients", "client_secrets", "grants", "consents", "authorization_codes")


@define
class Visitor:
    """Somebody at a browser."""

    server: Server
    cookie: str | None = None
    others: str | None = None
    devices: str | None = None
    login: str | None = None  # that lacks a factor
    draft: str | None = None  # of a form, sent to any address: it is good for its own alone
    address: str | None = None  # where a proxy is believed

    @property
    def headers(self) -> dict[str, str]:
        kept = {"iam": self.cookie, "iam_others": self.others, "iam_devices": self.devices, "iam_login": self.login}
        kept["iam_draft"] = self.draft
        line = "; ".join(f"{name}={value}" for name, value in kept.items() if value)
        sent = {"Cookie": line, "X-Forwarded-For": self.address}
        return {name: value for name, value in sent.items() if value}

    async def get(self, path: str) -> Reply:
        return self._kept(await self.server.get(path, headers=self.headers))

    async def form(self, path: str) -> Form:
        """The form at this address."""
        reply = await self.get(path)
        assert reply.status == 200, reply.text
        return form_of(reply.text)

    async def send(self, form: Form, headers: dict[str, str] | None = None, **changes: Any) -> Reply:
        """Fill a form in and send it, as a browser of today does from a page without referrer."""
        origin = {"Origin": "null", "Sec-Fetch-Site": "same-origin"} if headers is None else headers
        reply = await self.server.post(form.action, form.filled(changes), headers={**self.headers, **origin})
        return self._kept(reply)

    async def register(self, **changes: Any) -> App:
        """Register an application by its form."""
        form = await self.form("/applications/register")
        reply = await self.send(form, **{"name": "Shop", "redirect_uris": REDIRECT_URI, **changes})
        assert reply.status == 303, reply.text
        public = changes.get("client_type") == "public"
        return App(form.value("client_id"), None if public else form.value("client_secret"))

    def _kept(self, reply: Reply) -> Reply:
        """Keep the cookies that came."""
        for given in reply.headers.getRawHeaders("set-cookie") or []:
            name, _, value = given.partition(";")[0].partition("=")
            if name == "iam":
                self.cookie = value or None
            elif name == "iam_others":
                self.others = value or None
            elif name == "iam_login":
                self.login = value or None
            elif name == "iam_draft":
                self.draft = value or None
            else:
                assert name == "iam_devices"
                self.devices = value or None
        return reply


@cache
def password_hash() -> str:
    return hash_octets(PASSWORD.encode())


async def make_account(server: Server, username: str, email: str | None = None) -> Any:
    """Somebody who can log in with PASSWORD."""
    user_id = minted.identifier()
    await server.store.users.create(
        user_id=user_id,
        username=username,
        username_key=username,
        email=email,
        email_key=email,
        email_verified=False,
        name="",
        password_hash=password_hash(),
        claims={},
        superuser=False,
        now=server.now(),
        by=SERVER,
    )
    return user_id


async def logged_in(server: Server, **options: Any) -> Visitor:
    """Somebody who is logged in."""
    return Visitor(server, (await server.person(**options)).cookie)


def visitor_of(server: Server, person: Person) -> Visitor:
    """This person at a browser."""
    return Visitor(server, person.cookie)


def asking(app: App, **parameters: str) -> str:
    """The address of an authorization request."""
    query = {
        "response_type": "code",
        "client_id": app.client_id,
        "redirect_uri": REDIRECT_URI,
        "scope": "read",
        "state": "xyz",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        **parameters,
    }
    return "/authorize?" + urlencode(query)


def kept(admin: Any) -> dict[str, list[str]]:
    """Everything in the tables that a form could change."""
    found = {}
    for table in TABLES:
        admin.execute(f"select {table}::text from {table} order by 1")
        found[table] = [row[0] for row in admin.fetchall()]
    admin.execute("select id::text from sessions order by 1")
    found["sessions"] = [row[0] for row in admin.fetchall()]
    return found


@pytest.fixture
def visitor(server: Server) -> Visitor:
    """Somebody whom nobody knows."""
    return Visitor(server)
