"""What time it is, statements say: where a test, or an operator, turns the server's clock, the database's moves too."""

import re
from collections.abc import Awaitable, Callable
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from shutil import copy
from typing import Any
from uuid import UUID

import psycopg2
import pytest
from twisted.internet import reactor

from iam.clock import Clock
from iam.database import migration
from iam.database.database import Database
from iam.database.migration import migrate
from iam.records.actor import SERVER
from iam.secrets import minted
from iam.settings import Settings
from iam.store.store import Store, open_store
from tests.store.test_writing_statements import statements

Start = Callable[..., Awaitable[Database]]
Ask = Callable[..., list[tuple[Any, ...]]]

READS = re.compile(
    r"\b(now\(\)|current_(timestamp|date|time)\b|localtime|(clock|statement|transaction)_timestamp|timeofday)"
)

# What reads the clock of the database, and why.
MAY = {
    "end_bound_grants": "only where a server of the version before ends a session, which says nothing of the time",
    "tend_partitions": "a role that does not own the log decides upon no date by which its months are dropped",
    "scopes.created_at": "statements give it; for whoever adds a scope by hand",
    "sessions.stepped_at": "for sessions that servers of the version before begin, which know no steps",
    "migrations.applied_at": "a word for people: nothing goes by it",
    "migration.BEGIN": "as migrations.applied_at",
    "places.LOOK": "the age of the database's own processes, of which it alone knows when they began",
    "readiness.CHECK": "the age of the database's own statements, likewise",
}
STANDING = """
select proname, pg_get_functiondef(oid) from pg_proc where pronamespace = current_schema()::regnamespace
union all select tgname, pg_get_triggerdef(oid) from pg_trigger where not tgisinternal
union all select viewname, definition from pg_views where schemaname = current_schema()
union all select c.relname || '.' || a.attname, pg_get_expr(d.adbin, d.adrelid)
    from pg_attrdef d join pg_class c on c.oid = d.adrelid join pg_attribute a on a.attrelid = c.oid and a.attnum = d.adnum
    where not c.relispartition
union all select conname, pg_get_constraintdef(oid) from pg_constraint
"""
ENDS = re.compile(r"\bdelete\s+from\s+(sessions|users)\b")


@pytest.fixture
def ask(empty_dsn: str) -> Ask:
    """Runs statements by hand."""

    def execute(sql: str, **parameters: Any) -> list[tuple[Any, ...]]:
        with closing(psycopg2.connect(empty_dsn)) as connection, connection, connection.cursor() as cursor:
            cursor.execute(sql, parameters)
            return cursor.fetchall() if cursor.description else []

    return execute


def test_nothing_that_stands_in_the_schema_reads_the_databases_clock_but_for_a_reason(empty_dsn: str, ask: Ask) -> None:
    migrate(empty_dsn)
    standing = {name for name, text in ask(STANDING) if READS.search(text.lower())}
    asked = {name for name, text in statements() if READS.search(text.lower())}

    assert standing | asked == set(MAY)


def test_whoever_ends_a_session_tells_its_trigger_the_time() -> None:
    ending = {name: text for name, text in statements() if ENDS.search(text)}

    assert len(ending) >= 7
    assert [name for name, text in ending.items() if len(ENDS.findall(text)) > text.count("moment(%(now)s)")] == []


class Turned:
    """A server whose clock is a hundred days ahead, with somebody who is logged in there at an application."""

    def __init__(self, store: Store, now: datetime, ask: Ask) -> None:
        self.store = store
        self.now = now
        self.ask = ask
        self.user, self.session = minted.identifier(), minted.identifier()
        self.digest = minted.digest(str(self.session))
        self.end = now + timedelta(hours=1)

    async def log_in(self) -> None:
        told: dict[str, Any] = {"id": str(self.user), "now": self.now, "session": str(self.session)}
        self.ask(
            "insert into users (id, username, username_key, created_at, updated_at) values (%(id)s, 'a', 'a', %(now)s, %(now)s)",
            **told,
        )
        self.ask(
            "insert into clients (id, name, grant_id, auth_method, grant_types, scopes, openid, created_at, updated_at)"
            " values ('shop', 'Shop', gen_random_uuid(), 'none', '{}', '{}',"
            """ '{"backchannel_logout_uri": "https://shop.example/out"}', %(now)s, %(now)s)""",
            **told,
        )
        await self.store.sessions.begin(
            session_id=self.session,
            digest=self.digest,
            day=self.end.date(),
            user_id=self.user,
            now=self.now,
            expires_at=self.end,
            remembered=False,
            before=None,
        )
        self.ask(
            "insert into grants (id, user_id, client_id, session_id, grant_type, scope, session_bound, openid, created_at)"
            " values (gen_random_uuid(), %(id)s, 'shop', %(session)s, 'authorization_code', 'openid', true, '{}', %(now)s)",
            **told,
        )

    def ended(self) -> list[Any]:
        """When the grant ended and the notices were written."""
        return [
            *self.ask("select revoked_at from grants"),
            *self.ask("select created_at from logout_notices"),
        ]


@pytest.fixture
def turn(start: Start, empty_dsn: str, ask: Ask) -> Callable[[], Awaitable[Turned]]:
    async def turn() -> Turned:
        migrate(empty_dsn)
        clock = Clock(lambda: reactor.seconds() + 100 * 86400)
        stores: list[Store] = []
        await start(lambda database: stores.append(open_store(database, clock, Settings())))
        await stores[0].partitions.tend(clock.now())
        world = Turned(stores[0], clock.now(), ask)
        await world.log_in()
        return world

    return turn


async def log_out(world: Turned, now: datetime) -> None:
    await world.store.sessions.end(world.digest, world.end.date(), now)


async def set_password(world: Turned, now: datetime) -> None:
    await world.store.users.set_password(world.user, "hash", now, SERVER, keep_grants=True)


async def disable(world: Turned, now: datetime) -> None:
    await world.store.users.disable(world.user, now, SERVER, keep_grants=True)


async def revoke(world: Turned, now: datetime) -> None:
    await world.store.sessions.revoke(world.session, now, SERVER)


async def find_reused(world: Turned, now: datetime) -> None:
    world.ask("update sessions set step = 2")
    await world.store.sessions.reused(world.digest, world.end.date(), 0, now)


async def log_all_out(world: Turned, now: datetime) -> None:
    await world.store.grants.revoke_all(now, SERVER, log_out=True)


async def log_somebody_else_in(world: Turned, now: datetime) -> None:
    other = minted.identifier()
    world.ask(
        "insert into users (id, username, username_key, created_at, updated_at) values (%(id)s, 'b', 'b', %(now)s, %(now)s)",
        id=str(other),
        now=now,
    )
    await begin_instead(world, other, now)


async def begin_instead(world: Turned, user: UUID, now: datetime) -> None:
    await world.store.sessions.begin(
        session_id=minted.identifier(),
        digest=b"another",
        day=world.end.date(),
        user_id=user,
        now=now,
        expires_at=world.end,
        remembered=False,
        before=world.digest,
    )


WAYS = [log_out, set_password, disable, revoke, find_reused, log_all_out, log_somebody_else_in]


@pytest.mark.parametrize("way", WAYS)
async def test_what_ends_with_a_session_ends_by_the_servers_clock(
    turn: Callable[[], Awaitable[Turned]], way: Callable[[Turned, datetime], Awaitable[None]]
) -> None:
    world = await turn()
    later = world.now + timedelta(minutes=5)

    await way(world, later)

    assert world.ended() == [(later,), (later,)]


async def test_a_person_who_is_deleted_takes_the_session_along_by_the_servers_clock(
    turn: Callable[[], Awaitable[Turned]],
) -> None:
    world = await turn()
    later = world.now + timedelta(minutes=5)

    await world.store.users.delete(world.user, later, SERVER)

    assert world.ended() == [(later,), (later,)]


async def test_a_session_that_has_expired_by_the_servers_clock_ends_nothing(
    turn: Callable[[], Awaitable[Turned]],
) -> None:
    world = await turn()

    await log_out(world, world.end)

    assert world.ended() == [(None,)]


async def test_a_server_of_the_version_before_says_nothing_and_ends_it_all_the_same(
    turn: Callable[[], Awaitable[Turned]],
) -> None:
    world = await turn()

    ((now,),) = world.ask("with ended as (delete from sessions) select now()")

    assert world.ended() == [(now,), (now,)]


async def test_one_statement_tells_another_nothing_of_the_time(start: Start) -> None:
    database = await start(connections=1)
    await database.query(
        "create function moment(at timestamptz) returns timestamptz language sql as"
        " $$ select set_config('iam.moment', at::text, true)::timestamptz $$"
    )

    await database.query("select moment('2030-01-01')")

    assert await database.query("select nullif(current_setting('iam.moment', true), '')") == [(None,)]


def test_partitions_that_are_there_get_the_trigger_as_it_is_now(empty_dsn: str, ask: Ask, tmp_path: Path) -> None:
    for file in migration.DIRECTORY.glob("*.sql"):
        copy(file, tmp_path)
    migrate(empty_dsn, tmp_path)
    ask("select tend_partitions('sessions', current_date, 2, 10)")

    migrate(empty_dsn)

    triggers = ask("select pg_get_triggerdef(oid) from pg_trigger where tgname = 'sessions_ended'")
    assert len(triggers) > 3
    assert [text for (text,) in triggers if "WHEN" in text] == []
