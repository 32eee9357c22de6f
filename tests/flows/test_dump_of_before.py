"""A database that a server with the migrations up to 0018 has made and filled serves this one: before/ has its dump, and what was held."""

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from attrs import define
from twisted.internet import reactor

from iam.database import migration
from iam.secrets import minted
from iam.secrets.master_key import ServerKey
from tests.harness import App, Person, Server, TurnedClock, fields, serving

BEFORE = Path(__file__).parent / "before"
SCOPE = "openid profile email read write offline_access"


@define
class Held:
    """What people and clients hold of it."""

    told: dict[str, Any]

    @property
    def app(self) -> App:
        return App(self.told["client_id"], self.told["client_secret"])

    @property
    def person(self) -> Person:
        return Person(self.told["user_id"], "bob", self.told["cookie"])


@pytest.fixture
def held() -> Held:
    return Held(json.loads((BEFORE / "held.json").read_text()))


@pytest.fixture
def restored(cluster: Any, key: ServerKey, tmp_path: Path, held: Held) -> Iterator[Server]:
    """This version on that database, a few seconds after the dump."""
    name = f"dumped_{minted.identifier().hex}"
    with closing(psycopg2.connect(cluster.admin_dsn)) as admin:
        admin.autocommit = True
        admin.cursor().execute(f"create database {name} owner iam")
    dsn = psycopg2.extensions.make_dsn(cluster.dsn, dbname=name)
    with closing(psycopg2.connect(dsn)) as connection, connection, connection.cursor() as cursor:
        cursor.execute((BEFORE / "database.sql").read_text())
    assert migration.pending(dsn)
    migration.migrate(dsn)
    then = datetime.fromisoformat(held.told["at"]) + timedelta(seconds=10)
    with serving(dsn, key, tmp_path, TurnedClock(offset=then.timestamp() - reactor.seconds())) as server:
        yield server


async def test_what_clients_hold_is_good(restored: Server, held: Held) -> None:
    told, app = held.told, held.app

    redeemed = await restored.redeem(app, told["code"])
    access = await restored.introspect(app, told["access_token"])
    own = await restored.introspect(app, told["own_access_token"])
    retried = await restored.refresh(app, told["used_refresh_token"])
    refreshed = await restored.refresh(app, told["refresh_token"])
    bearer = {"Authorization": f"Bearer {told['access_token']}"}
    info = await restored.get("/userinfo", headers=bearer)

    assert set(redeemed.json["scope"].split()) == set(SCOPE.split()), redeemed.text
    assert (access["active"], access["username"], own["active"]) == (True, "bob", True)
    assert retried.json["refresh_token"] == told["refresh_token"], retried.text
    assert refreshed.json["scope"] == SCOPE, refreshed.text
    assert (info.json["name"], info.json["email"]) == ("Bob", "bob@example.org")


async def test_whoever_is_logged_in_stays_so_and_is_asked_for_nothing_anew(restored: Server, held: Held) -> None:
    allowed = await restored.authorize(held.app, held.person, scope=SCOPE)
    applications = await restored.get("/applications", headers=held.person.headers)

    assert "code" in allowed.sent_back, allowed.text
    assert applications.status == 200


async def test_whoever_had_a_password_logs_in_with_it(restored: Server, held: Held) -> None:
    shown = await restored.get("/login")
    cookie = {"Cookie": (shown.header("set-cookie") or "").partition(";")[0]}
    form = {**fields(shown.text), "login": "alice", "password": held.told["password"]}

    reply = await restored.post("/login", form, headers={**cookie, "Origin": restored.settings.origin})

    assert (reply.status, reply.location) == (303, restored.below("/"))


async def test_a_client_that_registered_itself_reads_what_it_was_answered(restored: Server, held: Held) -> None:
    registered = held.told["registered"]
    bearer = {"Authorization": f"Bearer {registered['registration_access_token']}"}

    reply = await restored.get(f"/register/{registered['client_id']}", headers=bearer)

    theirs = {"registration_access_token", "registration_client_uri"}
    assert {name: reply.json[name] for name in registered.keys() - theirs} == {
        name: registered[name] for name in registered.keys() - theirs
    }


async def test_the_keys_are_those_of_before(restored: Server, held: Held) -> None:
    published = (await restored.get("/jwks")).json["keys"]

    assert sorted(key["kid"] for key in published) == held.told["kids"]
