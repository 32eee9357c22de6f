"""Who administers follows from roles, given to people or to groups; the last enabled administrator stays, whoever asks and however."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import psycopg2
import pytest

from tests.databases import execute

ROOT, ALICE, BOB = (f"00000000-0000-0000-0000-00000000000{n}" for n in (1, 2, 3))
STAFF = "00000000-0000-0000-0000-0000000000aa"
PERSON = """
insert into users (id, username, username_key, superuser, created_at, updated_at, disabled_at)
values (%s, %s, %s, %s, '2026-01-01', '2026-01-01', %s)
"""
GROUP = f"insert into groups (id, name, name_key, created_at, updated_at) values ('{STAFF}', 'staff', 'staff', '2026-01-01', '2026-01-01')"
GROUP_ROLE = f"insert into role_grants (role, group_id, created_at) values ('administrator', '{STAFF}', '2026-01-02')"


def role(person: str) -> str:
    return f"insert into role_grants (role, user_id, created_at) values ('administrator', '{person}', '2026-01-02')"


def revoke(person: str) -> str:
    return f"delete from role_grants where user_id = '{person}'"


def join(person: str) -> str:
    return f"insert into group_members (group_id, user_id, since) values ('{STAFF}', '{person}', '2026-01-02')"


def leave(person: str) -> str:
    return f"delete from group_members where user_id = '{person}'"


LEAVE_ALL = f"delete from group_members where group_id = '{STAFF}'"
DELETE_GROUP = f"delete from groups where id = '{STAFF}'"
REVOKE_GROUP = f"delete from role_grants where group_id = '{STAFF}'"
DISABLE = "update users set disabled_at = '2026-01-03' where id = '{}' and other_administrator(id)"


@pytest.fixture
def dsn(migrated_dsn: str) -> str:
    """A database with one administrator, and two people who are none."""
    with closing(psycopg2.connect(migrated_dsn)) as connection, connection, connection.cursor() as cursor:
        for person, name in {ROOT: "root", ALICE: "alice", BOB: "bob"}.items():
            cursor.execute(PERSON, (person, name, name, name == "root", None))
        cursor.execute(GROUP)
    return migrated_dsn


@pytest.fixture
def ask(dsn: str) -> Callable[..., list[tuple[Any, ...]]]:
    """Runs statements, each as one of its own; the rows of the last one."""
    return lambda *statements: [execute(dsn, statement) for statement in statements][-1]


def administrators(ask: Callable[..., list[tuple[Any, ...]]]) -> list[str]:
    return [name for (name,) in ask("select username from users where superuser order by username")]


def given(ask: Callable[..., list[tuple[Any, ...]]]) -> list[str]:
    """Who has the role themselves."""
    return [str(person) for (person,) in ask("select user_id from role_grants where user_id is not null order by 1")]


WAYS = {
    "a role": ([role(ALICE)], revoke(ALICE)),
    "a membership": ([GROUP_ROLE, join(ALICE)], leave(ALICE)),
    "the role of a group": ([join(ALICE), GROUP_ROLE], REVOKE_GROUP),
    "a group": ([join(ALICE), GROUP_ROLE], DELETE_GROUP),
}


@pytest.mark.parametrize("way", WAYS)
def test_who_gets_the_role_administers_until_it_goes(ask: Any, way: str) -> None:
    given, taken = WAYS[way]

    ask(*given)
    then = administrators(ask)
    ask(taken)

    assert (then, administrators(ask)) == (["alice", "root"], ["root"])


@pytest.mark.parametrize("way", WAYS)
def test_the_last_enabled_administrator_stays(ask: Any, way: str) -> None:
    given, taken = WAYS[way]
    ask(*given, revoke(ROOT))

    with pytest.raises(psycopg2.IntegrityError) as refused:
        ask(taken)

    assert refused.value.diag.constraint_name == "last_administrator"
    assert administrators(ask) == ["alice"]


@pytest.mark.parametrize("way", WAYS)
def test_one_who_is_disabled_does_not_count(ask: Any, way: str) -> None:
    given, taken = WAYS[way]
    ask(*given, f"update users set disabled_at = '2026-01-03' where id = '{ROOT}'")

    with pytest.raises(psycopg2.IntegrityError):
        ask(taken)
    ask(revoke(ROOT))

    assert administrators(ask) == ["alice"]


def test_all_members_of_a_group_do_not_go_at_once(ask: Any) -> None:
    ask(GROUP_ROLE, join(ALICE), join(BOB), revoke(ROOT))

    with pytest.raises(psycopg2.IntegrityError):
        ask(LEAVE_ALL)

    assert administrators(ask) == ["alice", "bob"]


def test_who_has_the_role_twice_loses_it_with_the_second(ask: Any) -> None:
    ask(GROUP_ROLE, join(ALICE), role(ALICE), leave(ALICE))
    then = administrators(ask)
    ask(revoke(ALICE))

    assert (then, administrators(ask)) == (["alice", "root"], ["root"])


def test_a_role_in_an_application_administers_nothing(ask: Any) -> None:
    ask(
        """insert into clients (id, name, grant_id, auth_method, grant_types, scopes, created_at, updated_at)
        values ('shop', 'Shop', gen_random_uuid(), 'none', '{}', '{}', '2026-01-01', '2026-01-01')""",
        f"insert into role_grants (role, client_id, user_id, created_at) values ('administrator', 'shop', '{ALICE}', '2026-01-02')",
    )

    assert administrators(ask) == ["root"]


def test_servers_of_the_version_before_make_administrators_and_take_that_back(ask: Any) -> None:
    ask(f"update users set superuser = true, updated_at = '2026-01-04' where id = '{ALICE}'")
    then = given(ask)
    ask(f"update users set superuser = false where id = '{ALICE}' and other_administrator(id)")

    assert (then, given(ask), administrators(ask)) == ([ROOT, ALICE], [ROOT], ["root"])


def test_who_administers_by_a_group_goes_on_when_a_server_of_the_version_before_takes_it_away(ask: Any) -> None:
    ask(GROUP_ROLE, join(ALICE), role(ALICE), f"update users set superuser = false where id = '{ALICE}'")

    assert (given(ask), administrators(ask)) == ([ROOT], ["alice", "root"])


def test_a_person_is_deleted_with_their_roles_and_memberships(ask: Any) -> None:
    ask(GROUP_ROLE, join(ALICE), role(BOB), f"delete from users where id in ('{ALICE}', '{BOB}')")

    assert ask("select count(*) from group_members") == [(0,)]
    assert (given(ask), administrators(ask)) == ([ROOT], ["root"])


@pytest.fixture
def race(dsn: str) -> Iterator[Callable[[str, str], int]]:
    """Runs one statement while another transaction has done the first and not committed; how many were refused."""
    with (
        closing(psycopg2.connect(dsn)) as first,
        closing(psycopg2.connect(dsn)) as second,
        closing(psycopg2.connect(dsn)) as third,
        ThreadPoolExecutor(1) as thread,
    ):
        third.autocommit = True

        def waits() -> bool:
            with third.cursor() as cursor:
                cursor.execute(
                    "select wait_event_type = 'Lock' from pg_stat_activity where pid = %s", (second.info.backend_pid,)
                )
                return bool(cursor.fetchone()[0])

        def attempt(statement: str) -> bool:
            try:
                with second, second.cursor() as cursor:
                    cursor.execute(statement)
                    return bool(cursor.rowcount)
            except psycopg2.IntegrityError:
                return False

        def run(one: str, other: str) -> int:
            with first, first.cursor() as cursor:
                cursor.execute(one)
                later = thread.submit(attempt, other)
                while not waits() and not later.done():
                    pass
            return int(not later.result(20))

        yield run


PAIRS = {
    "two roles": ([role(ALICE)], revoke(ROOT), revoke(ALICE), 1),
    "a role and a membership": ([GROUP_ROLE, join(ALICE)], revoke(ROOT), leave(ALICE), 1),
    "a membership and a role": ([GROUP_ROLE, join(ALICE)], leave(ALICE), revoke(ROOT), 1),
    "a role and a group": ([GROUP_ROLE, join(ALICE)], revoke(ROOT), DELETE_GROUP, 1),
    "a role, and a person who is disabled": ([role(ALICE)], revoke(ROOT), DISABLE.format(ALICE), 1),
    "a person who is disabled, and a role": ([role(ALICE)], DISABLE.format(ALICE), revoke(ROOT), 1),
    "of three two": ([role(ALICE), role(BOB)], revoke(ROOT), revoke(ALICE), 0),
}


@pytest.mark.parametrize("pair", PAIRS)
def test_of_two_who_take_the_last_two_away_at_once_one_is_refused(ask: Any, race: Any, pair: str) -> None:
    before, one, other, refused = PAIRS[pair]
    ask(*before)

    assert race(one, other) == refused

    assert ask("select count(*) from users where superuser and disabled_at is null") == [(1,)]


def test_a_group_that_gets_the_role_while_somebody_comes_into_it_makes_them_administrators(ask: Any, race: Any) -> None:
    assert race(GROUP_ROLE, join(ALICE)) == 0

    assert administrators(ask) == ["alice", "root"]


def test_who_loses_the_role_both_ways_at_once_administers_no_more(ask: Any, race: Any) -> None:
    ask(GROUP_ROLE, join(ALICE), role(ALICE))

    assert race(revoke(ALICE), leave(ALICE)) == 0

    assert administrators(ask) == ["root"]
