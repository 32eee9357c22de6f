"""The cookies of a remembered session are a series of steps, on any number of servers at once (H17)."""

from collections.abc import AsyncIterator
from random import Random
from typing import Any

import pytest
import pytest_twisted
from twisted.internet import reactor
from twisted.internet.defer import Deferred, gatherResults

from iam.clock import Clock
from iam.database.database import Database
from iam.database.errors import Unavailable
from iam.people.people import People
from iam.people.sessions import BrowserSessions, RecognisedSession
from iam.people.steps import LAST, Step, Steps
from iam.records.actor import SERVER
from iam.secrets import minted
from iam.secrets.minted import Kind
from iam.settings import DAY, Settings
from iam.store.store import Store, open_store
from tests.people.conftest import Turned

GRACE = 60
KEY = b"a key of the server"


@pytest.fixture
def sessions(store: Store, turned: Turned) -> BrowserSessions:
    return BrowserSessions(store.sessions, Clock(turned.seconds), Settings(), Steps(KEY))


@pytest_twisted.async_yield_fixture
async def elsewhere(dsn: str, rows: Any, turned: Turned) -> AsyncIterator[BrowserSessions]:
    """The same on another server."""
    database = Database(reactor, dsn)
    opened = open_store(database, Clock(turned.seconds), Settings())
    await database.start()
    yield BrowserSessions(opened.sessions, Clock(turned.seconds), Settings(), Steps(KEY))
    await database.stop()


@pytest_twisted.async_yield_fixture
async def cookie(people: People, sessions: BrowserSessions) -> AsyncIterator[str]:
    """What somebody has who has just logged in to stay."""
    alice = await people.create(username="alice", password=None, by=SERVER)
    begun = await sessions.begin(None, alice, remembered=True)
    assert begun is not None
    yield begun


async def next_of(sessions: BrowserSessions, cookie: str) -> str:
    """The cookie that a living session has from now on."""
    found = await sessions.find(cookie)
    assert found.session
    assert found.cookie
    return found.cookie


# Their text


def step(number: int = 1) -> tuple[Steps, Step, str]:
    steps = Steps(KEY)
    clock = Clock(lambda: 1_800_000_000.5)
    first = Step(minted.mint_until(Kind.SESSION, clock.now()))
    taken = first.of(number, clock.now())
    return steps, taken, steps.write(taken)


@pytest.mark.parametrize("number", [1, 61, 62, LAST])
def test_a_step_is_read_as_it_was_written(number: int) -> None:
    steps, written, cookie = step(number)

    read = steps.read(cookie)

    assert read is not None
    assert (read.series, read.number) == (written.series, number)
    assert read.issued_at is not None
    assert read.issued_at.timestamp() == 1_800_000_000
    assert steps.write(read) == cookie
    assert len(cookie) <= 128


def test_the_last_step_has_no_next() -> None:
    _, taken, _ = step(LAST)

    assert taken.next(LAST, Clock(lambda: 1.0).now()).number == LAST


def test_a_step_tells_its_series_and_the_day_of_its_partition() -> None:
    _, taken, cookie = step()

    assert minted.series(cookie) == taken.series
    assert minted.series(taken.series) == taken.series
    assert minted.day_of(minted.series(cookie)) == minted.day_of(taken.series)


def test_who_has_one_cookie_cannot_make_the_next() -> None:
    _, taken, cookie = step()
    forged = Steps(b"another key").write(taken.of(2, Clock(lambda: 1_800_000_000.0).now()))

    assert len(forged) == len(cookie)
    assert Steps(KEY).read(forged) is None


def test_no_cookie_with_anything_changed_is_one_of_ours() -> None:
    steps, _, cookie = step()
    random = Random(17)

    for _ in range(2000):
        place = random.randrange(len(cookie))
        other = random.choice(minted.ALPHABET + "_.é\0")
        changed = cookie[:place] + other + cookie[place + random.choice((0, 1)) :]
        if changed != cookie:
            assert steps.read(changed) is None, changed


@pytest.mark.parametrize(
    "text",
    [
        "",
        "iam_se_",
        "iam_se_" + "é" * 106,
        "iam_se_" + "_" * 106,
        "iam_se_" + "0" * 106,
        "iam_at_" + "0" * 106,
        "0" * 113,
        "é" * 113,
    ],
)
def test_what_is_no_cookie_of_ours_is_no_step(text: str) -> None:
    assert Steps(KEY).read(text) is None
    assert isinstance(minted.series(text), str)


# Their life


async def test_a_step_is_given_without_being_written_down(
    sessions: BrowserSessions, cookie: str, turned: Turned, rows: Any
) -> None:
    turned.offset = DAY + 1
    await sessions.find(cookie)
    before = rows("select sessions::text from sessions")

    first = await next_of(sessions, cookie)

    assert first != cookie
    assert rows("select sessions::text from sessions") == before
    assert first not in str(before)


async def test_the_database_has_no_part_of_a_later_step(
    sessions: BrowserSessions, cookie: str, turned: Turned, rows: Any
) -> None:
    turned.offset = DAY + 1
    later = await next_of(sessions, cookie)
    await sessions.find(later)

    assert minted.core(later)[-43:] not in str(rows("select sessions::text from sessions"))
    assert rows("select step from sessions") == [(1,)]


async def test_all_servers_give_one_step_at_the_same_moment_and_take_it(
    sessions: BrowserSessions, elsewhere: BrowserSessions, cookie: str, turned: Turned
) -> None:
    servers = (sessions, elsewhere)
    turned.offset = DAY + 1

    given = await at_once([one.find(cookie) for one in servers for _ in range(8)])
    taken = await at_once([one.find(str(found.cookie)) for one in servers for found in given])
    late = await at_once([one.find(cookie) for one in servers for _ in range(8)])

    assert {Steps(KEY).read(str(found.cookie)).number for found in given} == {1}  # type: ignore[union-attr]
    assert all(found.session for found in taken)
    assert all(found.session for found in late)
    turned.offset += GRACE + 1
    assert all(found.session for found in await at_once([one.find(str(given[0].cookie)) for one in servers]))


async def test_the_first_use_at_two_servers_at_once_is_one_step(
    sessions: BrowserSessions, elsewhere: BrowserSessions, cookie: str, turned: Turned, rows: Any
) -> None:
    for number in range(1, 6):
        turned.offset += DAY + 1
        cookie = await next_of(sessions, cookie)
        await at_once([one.find(cookie) for one in (sessions, elsewhere) for _ in range(8)])
        assert rows("select step from sessions") == [(number,)]


async def test_reuse_at_many_servers_at_once_is_one_end_and_one_event(
    sessions: BrowserSessions, elsewhere: BrowserSessions, cookie: str, turned: Turned, rows: Any
) -> None:
    turned.offset = DAY + 1
    await sessions.find(await next_of(sessions, cookie))
    turned.offset += GRACE + 1
    ((before,),) = rows("select count(*) from audit_events where kind = 'session.reused'")

    found = await at_once([one.find(cookie, "192.0.2.7") for one in (sessions, elsewhere) for _ in range(8)])

    assert {(one.session, one.cookie) for one in found} <= {(None, None), (None, cookie)}
    assert (None, None) in {(one.session, one.cookie) for one in found}
    assert rows("select count(*) from sessions") == [(0,)]
    assert rows("select count(*) from audit_events where kind = 'session.reused'") == [(before + 1,)]


async def test_whoever_has_the_old_cookie_and_the_owner_race_and_the_session_is_over_for_both(
    sessions: BrowserSessions, elsewhere: BrowserSessions, cookie: str, turned: Turned
) -> None:
    turned.offset = DAY + 1
    owners = await next_of(sessions, cookie)
    await sessions.find(owners)
    turned.offset += GRACE + 1

    await at_once([elsewhere.find(cookie), sessions.find(owners), elsewhere.find(owners), sessions.find(cookie)])

    assert (await sessions.find(owners)).session is None
    assert (await elsewhere.find(cookie)).session is None


async def test_a_thief_who_comes_first_is_found_out_when_the_owner_comes(
    sessions: BrowserSessions, cookie: str, turned: Turned
) -> None:
    turned.offset = DAY + 1
    thiefs = await next_of(sessions, cookie)
    await sessions.find(thiefs)
    turned.offset += GRACE + 1

    assert (await sessions.find(cookie)).session is None
    assert (await sessions.find(thiefs)).session is None


async def test_two_who_share_a_step_are_found_out_at_the_next(
    sessions: BrowserSessions, cookie: str, turned: Turned
) -> None:
    turned.offset = DAY + 1
    both = await next_of(sessions, cookie)
    await sessions.find(both)
    turned.offset += DAY + 1

    one = await next_of(sessions, both)
    await sessions.find(one)
    turned.offset += GRACE + 1

    assert (await sessions.find(both)).session is None
    assert (await sessions.find(one)).session is None


async def test_a_step_from_long_ago_has_no_grace(sessions: BrowserSessions, cookie: str, turned: Turned) -> None:
    steps = [cookie]
    for _ in range(3):
        turned.offset += DAY + 1
        steps.append(await next_of(sessions, steps[-1]))
    await sessions.find(steps[-1])

    assert (await sessions.find(steps[-2])).session is not None
    assert (await sessions.find(steps[-3])).session is None
    assert (await sessions.find(steps[-1])).session is None


async def test_a_logout_with_any_step_ends_the_session(sessions: BrowserSessions, cookie: str, turned: Turned) -> None:
    turned.offset = DAY + 1
    later = await next_of(sessions, cookie)

    ended = await sessions.end(later)

    assert ended is not None
    assert (await sessions.find(cookie)).session is None


async def test_the_same_person_logs_in_again_over_any_step_into_the_same_session(
    sessions: BrowserSessions, cookie: str, turned: Turned
) -> None:
    turned.offset = DAY + 1
    later = await next_of(sessions, cookie)
    before = (await sessions.find(later)).session
    assert before is not None

    again = await sessions.begin(later, before.user_id, remembered=True)

    assert again is not None
    after = (await sessions.find(again)).session
    assert after is not None
    assert after.id == before.id
    assert (await sessions.find(later)) == RecognisedSession(None, later)


async def test_an_expired_session_is_over_and_nothing_is_reused(
    sessions: BrowserSessions, cookie: str, turned: Turned, rows: Any
) -> None:
    turned.offset = DAY + 1
    await sessions.find(await next_of(sessions, cookie))
    turned.offset = 31 * DAY
    ((before,),) = rows("select count(*) from audit_events where kind = 'session.reused'")

    assert await sessions.find(cookie) == RecognisedSession(None, cookie)
    assert rows("select count(*) from audit_events where kind = 'session.reused'") == [(before,)]


# Where nothing can be written


async def test_h51_the_cookie_changes_and_is_taken_where_nothing_can_be_written(
    sessions: BrowserSessions, store: Store, cookie: str, turned: Turned
) -> None:
    turned.offset = DAY + 1
    store.database.guard = lambda: "The disk is full."

    later = await next_of(sessions, cookie)

    assert later != cookie
    assert (await sessions.find(later)).session
    assert (await sessions.find(cookie)).session
    store.database.guard = str
    assert (await sessions.find(later)).session
    turned.offset += GRACE + 1
    assert (await sessions.find(later)).session


async def test_reuse_that_cannot_be_written_is_not_forgotten(
    sessions: BrowserSessions, store: Store, cookie: str, turned: Turned
) -> None:
    turned.offset = DAY + 1
    later = await next_of(sessions, cookie)
    await sessions.find(later)
    turned.offset += GRACE + 1
    store.database.guard = lambda: "The disk is full."

    with pytest.raises(Unavailable):
        await sessions.find(cookie)

    assert (await sessions.find(later)).session
    store.database.guard = str
    assert (await sessions.find(cookie)).session is None
    assert (await sessions.find(later)).session is None


async def at_once(work: list[Any]) -> list[RecognisedSession]:
    """What comes of all these, begun at the same time."""
    return list(await gatherResults([Deferred.fromCoroutine(one) for one in work]))
