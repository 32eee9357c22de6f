"""Sessions: a new cookie at each login, and lifetimes (H17)."""

from typing import Any

import pytest

from iam.clock import Clock
from iam.people.people import People
from iam.people.sessions import BrowserSessions
from iam.people.steps import Steps
from iam.records.actor import SERVER
from iam.records.session import Session
from iam.secrets import minted
from iam.secrets.minted import Kind
from iam.settings import DAY, HOUR, Settings
from iam.store.store import Store


@pytest.fixture
def sessions(store: Store, turned: Any) -> BrowserSessions:
    return BrowserSessions(store.sessions, Clock(turned.seconds), Settings(), Steps(b"a key for tests"))


@pytest.fixture
def cookie() -> str:
    """What a browser has before anybody logs in."""
    return minted.mint(Kind.VISITOR)


async def begin(
    people: People, sessions: BrowserSessions, before: str | None = None, *, remembered: bool = False
) -> str:
    alice = await people.create(username="alice", password=None, by=SERVER)
    cookie = await sessions.begin(before, alice, remembered=remembered)
    assert cookie is not None
    return cookie


async def session_of(sessions: BrowserSessions, cookie: str | None) -> Session | None:
    """Whose session this is, if it is one."""
    assert cookie is not None
    return (await sessions.find(cookie)).session


async def test_a_cookie_says_who_it_is(people: People, sessions: BrowserSessions) -> None:
    cookie = await begin(people, sessions)

    found = await session_of(sessions, cookie)

    assert found is not None
    assert found.username == "alice"


async def test_h17_the_cookie_from_before_the_login_is_worth_nothing(
    people: People, sessions: BrowserSessions, cookie: str
) -> None:
    after = await begin(people, sessions, cookie)

    assert after != cookie
    assert await session_of(sessions, cookie) is None


async def test_h17_the_next_login_ends_the_session_before(people: People, sessions: BrowserSessions) -> None:
    first = await begin(people, sessions)
    bob = await people.create(username="bob", password=None, by=SERVER)

    second = await sessions.begin(first, bob)

    found = await session_of(sessions, second)
    assert found is not None
    assert found.username == "bob"
    assert await session_of(sessions, first) is None


async def test_h17_the_same_person_logs_in_again_into_the_same_session(
    people: People, sessions: BrowserSessions, turned: Any, rows: Any
) -> None:
    first = await begin(people, sessions)
    before = await session_of(sessions, first)
    assert before is not None
    turned.offset = 60.0

    second = await sessions.begin(first, before.user_id)

    after = await session_of(sessions, second)
    assert after is not None
    assert after.id == before.id
    assert after.auth_time > before.auth_time
    assert await session_of(sessions, first) is None
    assert rows("select kind from audit_events where kind like 'session.%' order by n desc limit 2") == [
        ("session.renewed",),
        ("session.begun",),
    ]


async def test_another_persons_login_has_an_id_of_its_own(people: People, sessions: BrowserSessions) -> None:
    first = await begin(people, sessions)
    before = await session_of(sessions, first)
    bob = await people.create(username="bob", password=None, by=SERVER)

    after = await session_of(sessions, await sessions.begin(first, bob))

    assert before is not None
    assert after is not None
    assert after.id != before.id


async def test_who_logs_in_again_after_a_logout_gets_another_session(people: People, sessions: BrowserSessions) -> None:
    first = await begin(people, sessions)
    before = await session_of(sessions, first)
    assert before is not None
    await sessions.end(first)

    after = await session_of(sessions, await sessions.begin(first, before.user_id))

    assert after is not None
    assert after.id != before.id


async def test_a_session_that_has_expired_does_not_go_on(
    people: People, sessions: BrowserSessions, turned: Any
) -> None:
    first = await begin(people, sessions)
    before = await session_of(sessions, first)
    assert before is not None
    turned.offset = 7 * DAY + 1

    after = await session_of(sessions, await sessions.begin(first, before.user_id))

    assert after is not None
    assert after.id != before.id


@pytest.mark.parametrize("cookie", ["", "x", "iam_se_", "iam_rt_" + "0" * 43 + "_000000", "a" * 8192])
async def test_what_is_no_cookie_of_ours_is_nobody(sessions: BrowserSessions, cookie: str) -> None:
    assert await session_of(sessions, cookie) is None


async def test_a_logout_ends_the_session(people: People, sessions: BrowserSessions) -> None:
    cookie = await begin(people, sessions)

    await sessions.end(cookie)

    assert await session_of(sessions, cookie) is None


async def test_h17_a_session_idles_for_twelve_hours(people: People, sessions: BrowserSessions, turned: Any) -> None:
    cookie = await begin(people, sessions)
    turned.offset = 12 * HOUR - 60
    assert await session_of(sessions, cookie) is not None

    turned.offset += 12 * HOUR + 60

    assert await session_of(sessions, cookie) is None


async def live_through(days: int, sessions: BrowserSessions, cookie: str, turned: Any) -> bool:
    """Come back every six hours, for days; is the session still good?"""
    for _ in range(days * 4):
        turned.offset += 6 * HOUR
        if await session_of(sessions, cookie) is None:
            return False
    return True


async def test_h17_a_session_lives_for_seven_days_in_all(
    people: People, sessions: BrowserSessions, turned: Any
) -> None:
    cookie = await begin(people, sessions)

    assert await live_through(6, sessions, cookie, turned)
    assert not await live_through(2, sessions, cookie, turned)


async def test_h17_a_remembered_session_waits_for_thirty_days(
    people: People, sessions: BrowserSessions, turned: Any
) -> None:
    cookie = await begin(people, sessions, remembered=True)

    turned.offset = 29 * DAY
    assert await session_of(sessions, cookie) is not None
    turned.offset = 30 * DAY

    assert await session_of(sessions, cookie) is None


async def test_h17_the_database_has_no_cookie(people: People, sessions: BrowserSessions, rows: Any) -> None:
    cookie = await begin(people, sessions)

    assert cookie not in str(rows("select sessions::text from sessions"))


async def test_a_disabled_person_has_no_session(people: People, sessions: BrowserSessions) -> None:
    cookie = await begin(people, sessions)
    found = await session_of(sessions, cookie)
    assert found is not None

    await people.users.disable(found.user_id, people.clock.now(), by=SERVER)

    assert await session_of(sessions, cookie) is None
    assert await sessions.begin(None, found.user_id) is None
