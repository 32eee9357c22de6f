"""A database of version 0.1.0 serves this one: what was given there is good here, and nobody is asked or logged out for it."""

import hmac
import shutil
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import psycopg2
import pytest
from attrs import frozen

from iam.database import migration
from iam.secrets import minted
from iam.secrets.master_key import ServerKey
from iam.secrets.minted import Kind
from iam.settings import DAY
from tests.harness import CHALLENGE, REDIRECT_URI, App, Reply, Server, TurnedClock, serving
from tests.pages.form import form_of

LAST = "0008"  # of its migrations
SCOPE = "openid read write offline_access"
API = "https://api.example.org"


@frozen
class Before:
    """What people and clients hold of it."""

    app: App
    itself: App
    registration: str
    session: str
    remembered: str
    code: str
    access: str
    refresh: str
    foreign: str  # an access token for a resource


def migrated_to(dsn: str, last: str, directory: Path) -> None:
    """The schema as it was with this migration."""
    for file in migration.DIRECTORY.glob("*.sql"):
        if file.name[:4] <= last:
            shutil.copy(file, directory)
    migration.migrate(dsn, directory)


def filled(dsn: str, now: datetime) -> Before:
    """A person, applications, and all that they were given an hour ago."""
    with closing(psycopg2.connect(dsn)) as connection, connection, connection.cursor() as cursor:
        for table, days in {"sessions": 32, "authorization_codes": 2, "access_tokens": 2, "refresh_tokens": 32}.items():
            cursor.execute("select tend_partitions(%s, %s, 2, %s)", (table, now.date(), days))
        cursor.execute("select tend_partitions('audit_events', %s, 7, 410)", (now.date(),))
        return Rows(cursor, now - timedelta(hours=1)).written()


@frozen
class Rows:
    """Writes them."""

    cursor: Any
    at: datetime

    def written(self) -> Before:
        user, session_id = minted.identifier(), minted.identifier()
        registration = minted.mint(Kind.REGISTRATION_ACCESS_TOKEN)
        app, itself = App("app", minted.mint(Kind.CLIENT_SECRET)), App("itself" + "0" * 16, None)
        self.insert("users", id=user, username="alice", username_key="alice", created_at=self.at, updated_at=self.at)
        self.insert("resources", uri=API, lifetime=36000, created_at=self.at)
        session = self.session(user, session_id, 7)
        remembered = self.session(user, minted.identifier(), 29, remembered=True)
        self.client(app, "client_secret_basic", None)
        self.client(itself, "none", minted.digest(registration))
        self.insert("consents", user_id=user, client_id=app.client_id, scopes=SCOPE.split(), granted_at=self.at)
        return Before(
            app=app,
            itself=itself,
            registration=registration,
            session=session,
            remembered=remembered,
            code=self.code(self.grant(user, session_id)),
            access=self.access(self.grant(user, session_id), None),
            refresh=self.refresh(self.grant(user, session_id)),
            foreign=self.access(self.grant(user, session_id, [API]), [API]),
        )

    def client(self, app: App, auth_method: str, registration_digest: bytes | None) -> None:
        self.insert(
            "clients",
            id=app.client_id,
            name="Shop",
            grant_id=minted.identifier(),
            auth_method=auth_method,
            grant_types=["authorization_code", "refresh_token"],
            redirect_uris=[REDIRECT_URI],
            scopes=SCOPE.split(),
            registration_digest=registration_digest,
            created_at=self.at,
            updated_at=self.at,
        )
        if app.secret:
            digest = minted.digest(app.secret)
            self.insert(
                "client_secrets",
                id=minted.identifier(),
                client_id=app.client_id,
                digest=digest,
                created_at=self.at,
            )
        event = {"kind": "client.created", "actor": "command line", "client": app.client_id}
        self.insert("audit_events", day=(self.at + timedelta(days=400)).date(), at=self.at, **event)

    def session(self, user: Any, session_id: Any, days: int, **columns: Any) -> str:
        cookie = minted.mint_until(Kind.SESSION, self.later(days))
        told = {"user_id": user, "auth_time": self.at, "seen_at": self.at, "expires_at": self.later(days), **columns}
        self.dated("sessions", cookie, id=session_id, **told)
        return cookie

    def grant(self, user: Any, session_id: Any, resources: list[str] | None = None) -> Any:
        grant_id = minted.identifier()
        self.insert(
            "grants",
            id=grant_id,
            user_id=user,
            client_id="app",
            session_id=session_id,
            grant_type="authorization_code",
            scope=SCOPE if resources is None else "read",
            resources=resources or [],
            created_at=self.at,
            expires_at=self.later(365),
        )
        return grant_id

    def code(self, grant_id: Any) -> str:
        told = {
            "client_id": "app",
            "redirect_uri": REDIRECT_URI,
            "redirect_uri_sent": True,
            "code_challenge": CHALLENGE,
        }
        return self.secret("authorization_codes", Kind.AUTHORIZATION_CODE, 1, grant_id=grant_id, **told)

    def access(self, grant_id: Any, audience: list[str] | None) -> str:
        told = {"scope": "read", "audience": audience, "issued_at": self.at}
        return self.secret("access_tokens", Kind.ACCESS_TOKEN, 1, grant_id=grant_id, **told)

    def refresh(self, grant_id: Any) -> str:
        return self.secret("refresh_tokens", Kind.REFRESH_TOKEN, 30, grant_id=grant_id, scope=SCOPE, issued_at=self.at)

    def secret(self, table: str, kind: Kind, days: int, **columns: Any) -> str:
        text = minted.mint_until(kind, self.later(days))
        self.dated(table, text, expires_at=self.later(days), **columns)
        return text

    def dated(self, table: str, text: str, **columns: Any) -> None:
        self.insert(table, day=minted.day_of(text), digest=minted.digest(text), **columns)

    def later(self, days: int) -> datetime:
        return self.at + timedelta(days=days)

    def insert(self, table: str, **columns: Any) -> None:
        names, places = ", ".join(columns), ", ".join(["%s"] * len(columns))
        values = [
            str(value) if hasattr(value, "hex") and not isinstance(value, bytes) else value
            for value in columns.values()
        ]
        self.cursor.execute(f"insert into {table} ({names}) values ({places})", values)


@pytest.fixture
def world(cluster: Any, key: ServerKey, tmp_path: Path) -> Iterator[tuple[Server, Before]]:
    """This version on a database of that one."""
    name = f"before_{minted.identifier().hex}"
    with closing(psycopg2.connect(cluster.admin_dsn)) as admin:
        admin.autocommit = True
        admin.cursor().execute(f"create database {name} owner iam")
    dsn = psycopg2.extensions.make_dsn(cluster.dsn, dbname=name)
    (tmp_path / "before").mkdir()
    migrated_to(dsn, LAST, tmp_path / "before")
    before = filled(dsn, datetime.now(UTC))
    migration.migrate(dsn)
    with serving(dsn, key, tmp_path, TurnedClock()) as server:
        yield server, before


async def test_what_the_version_before_gave_is_good(world: tuple[Server, Before]) -> None:
    server, before = world
    person = {"Cookie": f"iam={before.session}"}
    query = {
        "response_type": "code",
        "client_id": before.app.client_id,
        "redirect_uri": REDIRECT_URI,
        "scope": SCOPE,
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }

    asked = await server.get("/authorize?" + urlencode(query), headers=person)
    applications = await server.get("/applications", headers=person)
    redeemed = await server.redeem(before.app, before.code)
    refreshed = await server.refresh(before.app, before.refresh)
    access = await server.introspect(before.app, before.access)
    foreign = await server.introspect(before.app, before.foreign)
    bearer = {"Authorization": f"Bearer {before.registration}"}
    itself = await server.get(f"/register/{before.itself.client_id}", headers=bearer)

    assert "code" in asked.sent_back, asked.text
    assert applications.status == 200
    assert set(redeemed.json["scope"].split()) == set(SCOPE.split()), redeemed.text
    assert refreshed.json["scope"] == SCOPE, refreshed.text
    assert (access["active"], foreign["active"]) == (True, True)
    assert (itself.status, itself.json["scope"]) == (200, SCOPE)


def changed(reply: Reply) -> str:
    """The new cookie that came, if one did."""
    return (reply.header("set-cookie") or "").partition("iam=")[2].partition(";")[0]


async def test_a_remembered_session_of_the_version_before_goes_on_and_changes_its_cookie_from_the_next_day_on(
    world: tuple[Server, Before],
) -> None:
    server, before = world

    at_once = await server.get("/account", headers={"Cookie": f"iam={before.remembered}"})
    server.clock.advance(DAY + 1)
    next_day = await server.get("/account", headers={"Cookie": f"iam={before.remembered}"})
    after = await server.get("/account", headers={"Cookie": f"iam={changed(next_day)}"})
    server.clock.advance(61)
    reused = await server.get("/applications", headers={"Cookie": f"iam={before.remembered}"})
    over = await server.get("/applications", headers={"Cookie": f"iam={changed(next_day)}"})

    assert ["alice" in reply.text for reply in (at_once, next_day, after)] == [True] * 3
    assert [bool(changed(reply)) for reply in (at_once, next_day, after)] == [False, True, False]
    assert (reused.status, over.status) == (303, 303)


async def test_a_form_that_a_server_of_the_version_before_showed_is_good(world: tuple[Server, Before]) -> None:
    server, before = world
    opened = str(int(server.now().timestamp()))
    purpose = "logout " + sha256(b"").hexdigest()
    page = await server.get("/logout", headers={"Cookie": f"iam={before.remembered}"})
    shown = form_of(page.text).value("csrf_token").split(".")[-2]  # behind whose form it is
    said = f"{opened} {purpose}\0{shown}"
    check = urlsafe_b64encode(hmac.digest(before.remembered.encode(), said.encode(), "sha256")).rstrip(b"=").decode()

    fields = {"csrf_token": f"{opened}.{shown}.{check}", "decision": "leave"}
    reply = await server.post("/logout", fields, headers={"Cookie": f"iam={before.remembered}"})

    assert reply.status == 303, reply.text


# What servers of that version say to the schema of this one, while both are there (a rolling upgrade).
BEGIN = """
insert into sessions (day, id, digest, user_id, auth_time, seen_at, expires_at, remembered)
select %(day)s, gen_random_uuid(), %(digest)s, u.id, %(now)s, %(now)s, %(expires_at)s, true from users u
"""
FIND = """
select u.username from sessions s join users u on u.id = s.user_id
where s.digest = %(digest)s and s.day = %(day)s and s.expires_at > %(now)s
"""


async def test_servers_of_the_version_before_begin_and_know_sessions_beside_this_one(
    world: tuple[Server, Before],
) -> None:
    server, _ = world
    end = server.now() + timedelta(days=29)
    cookie = minted.mint_until(Kind.SESSION, end)
    told = {"digest": minted.digest(cookie), "day": end.date(), "now": server.now(), "expires_at": end}
    with closing(psycopg2.connect(str(server.settings.database))) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        cursor.execute(BEGIN, told)
        first = await server.get("/account", headers={"Cookie": f"iam={cookie}"})
        server.clock.advance(DAY + 60)
        second = await server.get("/account", headers={"Cookie": f"iam={cookie}"})
        await server.get("/account", headers={"Cookie": f"iam={changed(second)}"})
        cursor.execute(FIND, told)
        known = cursor.fetchall()

    assert ["alice" in reply.text for reply in (first, second)] == [True, True]
    assert [bool(changed(reply)) for reply in (first, second)] == [False, True]
    assert known == [("alice",)]


async def test_the_audit_log_of_the_version_before_is_there(world: tuple[Server, Before]) -> None:
    server, before = world
    with closing(psycopg2.connect(str(server.settings.database))) as connection, connection.cursor() as cursor:
        cursor.execute("select client from audit_events where kind = 'client.created' order by client")
        kept = [client for (client,) in cursor.fetchall()]

    assert kept == sorted([before.app.client_id, before.itself.client_id])
