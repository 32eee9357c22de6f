"""Accounts: who may be called what, and who may log in (H15, H16)."""

import hashlib
from base64 import b64encode
from contextlib import closing
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg2
import pytest
from argon2 import PasswordHasher
from twisted.internet.defer import Deferred

from iam.people import profiles
from iam.people.argon2id import PARAMETERS
from iam.people.logins import Logins
from iam.people.people import NOT_FIRST, TAKEN_EMAIL, TAKEN_USERNAME, People
from iam.people.stored_hashes import UNKNOWN
from iam.records.actor import SERVER, By
from iam.records.invalid import Invalid
from iam.store.administrators import LastAdministrator
from iam.store.store import Store
from tests.waiting import until

PASSWORD = "blue-tractor-42"


async def who(logins: Logins, login: str, password: str) -> UUID | None:
    """The id of who logs in by these."""
    known = await logins.authenticate(login, password)
    return known.user_id if known else None


async def complaints(people: People, **account: Any) -> dict[str, str]:
    with pytest.raises(Invalid) as refused:
        await people.create(**{"username": "alice", "password": PASSWORD, **account}, by=SERVER)
    return dict(refused.value.complaints)


async def test_a_person_logs_in_with_username_or_email(people: People, logins: Logins) -> None:
    alice = await people.create(username="Alice", email="Alice@example.org", password=PASSWORD, by=SERVER)

    assert await who(logins, "alice", PASSWORD) == alice
    assert await who(logins, " ALICE ", PASSWORD) == alice
    assert await who(logins, "alice@EXAMPLE.org", PASSWORD) == alice


@pytest.mark.parametrize(
    "login", ["", "bob", "alice\0", "ali\u200bce", "a" * 100_000, "bob@example.org", "' or 1=1 --", "\ud800"]
)
async def test_nobody_else_does(people: People, logins: Logins, login: str) -> None:
    await people.create(username="alice", password=PASSWORD, by=SERVER)

    assert await logins.authenticate(login, PASSWORD) is None


async def test_a_wrong_password_does_not_log_in(people: People, logins: Logins) -> None:
    await people.create(username="alice", password=PASSWORD, by=SERVER)

    assert await logins.authenticate("alice", PASSWORD + " ") is None


async def test_without_a_password_nobody_logs_in(people: People, logins: Logins) -> None:
    await people.create(username="alice", password=None, by=SERVER)

    assert await logins.authenticate("alice", "") is None


async def test_a_disabled_person_does_not_log_in(people: People, logins: Logins) -> None:
    alice = await people.create(username="alice", password=PASSWORD, by=SERVER)

    await people.users.disable(alice, people.clock.now(), by=SERVER)

    assert await logins.authenticate("alice", PASSWORD) is None


@pytest.mark.parametrize("username", ["alice", "ALICE", " alice ", "\uff21lice"])
async def test_a_username_is_given_once(people: People, username: str) -> None:
    await people.create(username="alice", password=PASSWORD, by=SERVER)

    assert await complaints(people, username=username) == {"username": TAKEN_USERNAME}


async def test_an_email_address_is_given_once(people: People) -> None:
    await people.create(username="alice", email="alice@example.org", password=PASSWORD, by=SERVER)

    assert await complaints(people, username="bob", email="Alice@Example.org") == {"email": TAKEN_EMAIL}


async def test_a_username_that_is_somebodys_email_is_refused(people: People) -> None:
    await people.create(username="bob", email="bob@example.org", password=PASSWORD, by=SERVER)

    assert set(await complaints(people, username="bob@example.org")) == {"username"}


async def test_every_field_has_its_complaint(people: People, rows: Any) -> None:
    found = await complaints(people, username="a b", email="nowhere", name="a\nb", password="password")

    assert set(found) == {"username", "email", "name", "password"}
    assert rows("select count(*) from users") == [(0,)]


@pytest.mark.parametrize("password", ["", "short", "login.example.org", "alice2024"])
async def test_a_weak_password_is_refused(people: People, password: str) -> None:
    assert set(await complaints(people, password=password)) == {"password"}


async def test_a_setup_link_makes_one_superuser(people: People, store: Store, rows: Any) -> None:
    rows("update setup set closed_at = null")
    now = people.clock.now()
    await store.setup.renew(b"link", now + timedelta(hours=1), now, SERVER)
    await people.create_superuser(username="root", email="root@localhost", password=PASSWORD, setup=b"link", by=SERVER)

    with pytest.raises(Invalid) as refused:
        await people.create_superuser(
            username="root2", email="r2@localhost", password=PASSWORD, setup=b"link", by=SERVER
        )
    assert dict(refused.value.complaints) == {"username": NOT_FIRST}


async def test_what_is_taken_does_not_use_the_setup_link_up(people: People, store: Store, rows: Any) -> None:
    rows("update setup set closed_at = null")
    now = people.clock.now()
    await store.setup.renew(b"link", now + timedelta(hours=1), now, SERVER)
    await people.create(username="root", password=PASSWORD, by=SERVER)

    with pytest.raises(Invalid) as refused:
        await people.create_superuser(
            username="root", email="root@localhost", password=PASSWORD, setup=b"link", by=SERVER
        )

    assert dict(refused.value.complaints) == {"username": TAKEN_USERNAME}
    assert await people.create_superuser(
        username="boss", email="root@localhost", password=PASSWORD, setup=b"link", by=SERVER
    )


async def administrators(people: People, *names: str) -> list[Any]:
    return [
        await people.create_superuser(username=name, email=f"{name}@localhost", password=PASSWORD, by=SERVER)
        for name in names
    ]


@pytest.mark.parametrize("way", ["disable", "delete", "demote"])
async def test_the_last_enabled_administrator_stays_one(people: People, way: str) -> None:
    (root,) = await administrators(people, "root")
    (rest,) = await administrators(people, "rest")
    users, now = people.users, people.clock.now()
    await users.disable(rest, now, SERVER)

    async def demote(user_id: Any, _now: Any, by: By) -> bool:
        user = await users.by_id(user_id)
        assert user is not None
        return await profiles.change(users, people.clock, user, profiles.of(user), by, superuser=False)

    ways = {"disable": users.disable, "delete": users.delete, "demote": demote}
    with pytest.raises(LastAdministrator, match="last enabled administrator"):
        await ways[way](root, now, SERVER)
    assert await ways[way](rest, now, SERVER)

    await administrators(people, "boss")
    assert await ways[way](root, now, SERVER)


@pytest.mark.parametrize("way", ["disable", "delete"])
async def test_of_two_administrators_who_go_at_once_one_stays(people: People, dsn: str, rows: Any, way: str) -> None:
    first, second = await administrators(people, "first", "second")
    with closing(psycopg2.connect(dsn)) as connection, connection.cursor() as cursor:
        cursor.execute("update users set disabled_at = now() where id = %s and other_administrator(id)", (str(first),))
        going = Deferred.fromCoroutine(getattr(people.users, way)(second, people.clock.now(), SERVER))
        await until(lambda: rows("select true from pg_locks where not granted"))
        connection.commit()

    with pytest.raises(LastAdministrator):
        await going
    assert rows("select username from users where superuser and disabled_at is null") == [("second",)]


async def test_a_superuser_has_an_email_address(people: People) -> None:
    with pytest.raises(Invalid) as refused:
        await people.create_superuser(username="root", email="", password=PASSWORD, by=SERVER)

    assert set(refused.value.complaints) == {"email"}


async def test_a_new_password_replaces_the_old_one(people: People, logins: Logins) -> None:
    alice = await people.create(username="alice", password=PASSWORD, by=SERVER)

    assert await people.set_password(alice, "green-harvest-17", by=SERVER)

    assert await logins.authenticate("alice", PASSWORD) is None
    assert await who(logins, "alice", "green-harvest-17") == alice


async def test_a_new_password_is_judged(people: People, logins: Logins) -> None:
    alice = await people.create(username="alice", password=PASSWORD, by=SERVER)

    with pytest.raises(Invalid):
        await people.set_password(alice, "alice2025", by=SERVER)

    assert await who(logins, "alice", PASSWORD) == alice


async def test_h16_a_login_renews_a_hash_with_old_parameters(people: People, logins: Logins, rows: Any) -> None:
    alice = await people.create(username="alice", password=PASSWORD, by=SERVER)
    old = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(PASSWORD)
    rows(f"update users set password_hash = '{old}'")

    assert await logins.authenticate("alice", "wrong") is None
    assert rows("select password_hash from users") == [(old,)]
    assert await who(logins, "alice", PASSWORD) == alice

    assert rows("select password_hash from users")[0][0].startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert await who(logins, "alice", PASSWORD) == alice


async def test_h16_a_login_makes_our_hash_of_one_by_django(people: People, logins: Logins, rows: Any) -> None:
    salt = b"kRvY2mT9"
    made = b64encode(hashlib.pbkdf2_hmac("sha256", PASSWORD.encode(), salt, 1000)).decode()
    theirs = f"pbkdf2_sha256$1000${salt.decode()}${made}"
    alice = await people.create(username="alice", password=None, password_hash=theirs, by=SERVER)

    assert rows("select password_hash from users") == [(theirs,)]
    assert await who(logins, "alice", PASSWORD) == alice
    assert rows("select password_hash from users")[0][0].startswith(PARAMETERS)
    assert await who(logins, "alice", PASSWORD) == alice


async def test_a_hash_that_cannot_be_checked_makes_no_account(people: People, rows: Any) -> None:
    found = await complaints(people, password=None, password_hash="md5$salt$5f4dcc3b5aa765d61d8327deb882cf99")

    assert found == {"password_hash": UNKNOWN}
    assert rows("select count(*) from users") == [(0,)]


async def test_no_password_is_stored(people: People, rows: Any) -> None:
    await people.create(username="alice", password=PASSWORD, by=SERVER)

    assert PASSWORD not in str(rows("select users::text from users"))
