"""The outbox: a mail is written by the statement that has something to tell, and is one server's at a time."""

from collections.abc import Awaitable, Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg2
import pytest

from iam.clock import Clock
from iam.database.database import Database
from iam.records.actor import SERVER
from iam.records.mail import Mail
from iam.secrets import minted
from iam.settings import Settings
from iam.store.outbox import TAKE
from iam.store.store import Store, open_store
from tests.waiting import until

Start = Callable[..., Awaitable[Database]]
NOON = datetime(2027, 3, 5, 12, tzinfo=UTC)
SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)
ROW = "select template, recipient, attempts, reason, secret, sent_at, given_up_at, due_at from outbox"


@pytest.fixture
def dsn(migrated_dsn: str) -> str:
    return migrated_dsn


@pytest.fixture
def begin(start: Start) -> Callable[[], Awaitable[Store]]:
    async def opened() -> Store:
        stores: list[Store] = []
        await start(lambda database: stores.append(open_store(database, Clock(NOON.timestamp), Settings())))
        await stores[0].partitions.tend(NOON)
        return stores[0]

    return opened


async def write(
    store: Store,
    recipient: str | None = "alice@example.org",
    user: UUID | None = None,
    at: datetime = NOON,
    secret: bytes | None = None,
) -> bool:
    """A statement that has something to tell."""
    ((written,),) = await store.database.query(
        "select mailed('reset', %s, %s, %s, '{\"address\": \"192.0.2.7\"}', %s)", (recipient, user, at, secret)
    )
    return bool(written)


async def take(store: Store, now: datetime = NOON, most: int = 10) -> list[Mail]:
    return await store.outbox.take(now, now + MINUTE, most=most)


async def row(store: Store) -> dict[str, Any]:
    names = ROW.removeprefix("select ").removesuffix(" from outbox").split(", ")
    (values,) = await store.database.query(ROW)
    return dict(zip(names, values, strict=True))


async def test_what_is_written_is_taken_with_all_that_it_says(begin: Any) -> None:
    store = await begin()
    user = minted.identifier()
    await store.database.query(
        "insert into users (id, username, username_key, name, created_at, updated_at) values (%s, 'a', 'a', 'Alice', %s, %s)",
        (user, NOON, NOON),
    )

    assert await write(store, user=user, secret=b"sealed")

    (mail,) = await take(store)
    assert mail == Mail(
        mail.id, "reset", "alice@example.org", user, {"address": "192.0.2.7"}, b"sealed", NOON, 1, "Alice"
    )
    assert "sealed" not in repr(mail)


async def test_without_a_recipient_nothing_is_written(begin: Any) -> None:
    store = await begin()

    assert not await write(store, recipient=None)

    assert await take(store) == []


async def test_a_mail_that_is_undone_is_never_there(begin: Any) -> None:
    store = await begin()

    with pytest.raises(Exception, match="22012"):
        await store.database.query(
            "select mailed('reset', 'alice@example.org', null, %s, '{}'), 1 / (select count(*) from users)", (NOON,)
        )

    assert await take(store) == []


async def test_servers_are_told_of_it_at_once(begin: Any) -> None:
    store = await begin()
    woken: list[int] = []
    store.outbox.wake = lambda: woken.append(1)

    await write(store)

    await until(lambda: bool(woken))


async def test_a_mail_is_sent_although_the_account_is_gone_by_then(begin: Any) -> None:
    store = await begin()
    user = minted.identifier()
    await store.database.query(
        "insert into users (id, username, username_key, name, created_at, updated_at) values (%s, 'a', 'a', 'Alice', %s, %s)",
        (user, NOON, NOON),
    )
    await write(store, user=user)
    await store.users.delete(user, NOON, SERVER)

    (mail,) = await take(store)

    assert (mail.recipient, mail.name) == ("alice@example.org", "")


async def test_what_one_server_has_taken_no_other_takes_before_the_lease_is_over(begin: Any) -> None:
    store = await begin()
    await write(store)

    assert len(await take(store)) == 1
    assert await take(store, NOON + MINUTE - SECOND) == []
    assert [mail.attempt for mail in await take(store, NOON + MINUTE)] == [2]


async def test_what_another_server_is_about_to_take_is_left_to_it(begin: Any, dsn: str) -> None:
    store = await begin()
    await write(store)
    with closing(psycopg2.connect(dsn)) as other, other.cursor() as cursor:
        cursor.execute("select from outbox for update")
        await write(store, "bob@example.org")

        assert [mail.recipient for mail in await take(store)] == ["bob@example.org"]

        other.rollback()
        assert [mail.recipient for mail in await take(store)] == ["alice@example.org"]


async def test_as_many_are_taken_as_are_asked_for_those_that_wait_longest_first(begin: Any) -> None:
    store = await begin()
    for minutes in (2, 0, 1):
        await write(store, at=NOON + minutes * MINUTE)

    mails = await take(store, NOON + DAY, most=2)

    assert sorted(mail.created_at for mail in mails) == [NOON, NOON + MINUTE]


async def test_one_that_was_sent_is_over_and_its_secret_gone(begin: Any) -> None:
    store = await begin()
    await write(store, secret=b"sealed")
    (mail,) = await take(store)

    await store.outbox.sent([mail.id], NOON)

    found = await row(store)
    assert (found["sent_at"], found["given_up_at"], found["secret"], found["reason"]) == (NOON, None, None, None)
    assert await take(store, NOON + DAY) == []


async def test_one_that_failed_is_taken_again_when_it_is_due(begin: Any) -> None:
    store = await begin()
    await write(store, secret=b"sealed")
    (mail,) = await take(store)

    await store.outbox.failed(mail, NOON + 10 * SECOND, "451 not now")

    assert (await row(store))["reason"] == "451 not now"
    assert await take(store, NOON + 9 * SECOND) == []
    (again,) = await take(store, NOON + 10 * SECOND)
    assert (again.attempt, again.secret) == (2, b"sealed")


async def test_one_that_is_given_up_leaves_an_event_and_no_secret(begin: Any) -> None:
    store = await begin()
    user = minted.identifier()
    await write(store, user=user, secret=b"sealed")
    (mail,) = await take(store)

    await store.outbox.give_up(mail, NOON, "550 nobody here")

    found = await row(store)
    assert (found["given_up_at"], found["secret"], found["reason"]) == (NOON, None, "550 nobody here")
    assert await take(store, NOON + DAY) == []
    (event,) = await store.audit.events(kind="mail.not_delivered")
    assert (event.actor, event.subject, event.detail) == ("server", str(user), {"mail": "reset", "attempts": 1})


async def test_a_server_whose_lease_is_over_decides_nothing_but_that_it_has_sent_it(begin: Any) -> None:
    store = await begin()
    await write(store, secret=b"sealed")
    (mine,) = await take(store)
    (others,) = await take(store, NOON + MINUTE)

    await store.outbox.failed(mine, NOON + DAY, "451 not now")
    await store.outbox.give_up(mine, NOON, "550 nobody here")

    assert (await row(store))["due_at"] == NOON + 2 * MINUTE
    assert await store.audit.events(kind="mail.not_delivered") == []

    await store.outbox.sent([mine.id], NOON + MINUTE)
    await store.outbox.failed(others, NOON + DAY, "451 not now")

    assert (await row(store))["sent_at"] == NOON + MINUTE
    assert (await row(store))["reason"] is None


async def test_h39_mail_goes_some_days_after_it_was_sent_or_given_up_and_no_other(begin: Any) -> None:
    store = await begin()
    for _ in range(3):
        await write(store)
    sent, given_up, _ = await take(store)
    await store.outbox.sent([sent.id], NOON)
    await store.outbox.give_up(given_up, NOON, "550 nobody here")

    assert await store.outbox.sweep(NOON) == 0
    assert await store.outbox.sweep(NOON + SECOND) == 2
    assert len(await store.database.query(ROW)) == 1


@pytest.mark.parametrize("rows", [0, 5000], ids=["an empty table", "a full one"])
async def test_mail_that_is_due_is_found_without_reading_what_was_sent(begin: Any, rows: int) -> None:
    store = await begin()
    await store.database.query(
        "insert into outbox (id, template, recipient, detail, created_at, sent_at)"
        " select gen_random_uuid(), 'x', 'a@example.org', '{}', %(now)s, %(now)s from generate_series(1, %(rows)s)",
        {"now": NOON, "rows": rows},
    )
    await store.database.query("analyze outbox")

    told = {"now": NOON, "until": NOON + MINUTE, "most": 3}
    plan = "\n".join(line for (line,) in await store.database.query("explain " + TAKE, told))

    assert "Index Scan using outbox_due" in plan
    assert "Seq Scan on outbox" not in plan
