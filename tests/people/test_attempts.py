"""Attempts to log in: nobody guesses fast, and strangers do not hold up an owner (H14, H15, I12)."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import pytest_twisted
from twisted.internet import reactor
from twisted.internet.defer import Deferred, gatherResults

from iam.clock import Clock
from iam.database.database import Database
from iam.people.attempts import Attempts
from iam.people.logins import Logins
from iam.people.passwords import Passwords
from iam.records.actor import SERVER
from iam.secrets import minted
from iam.secrets.master_key import ServerKey
from iam.server.application import Application
from iam.server.parts import build_keys
from iam.settings import Settings
from iam.store.store import Store, open_store
from iam.throttles.throttle import Throttled
from iam.throttles.turns import Busy
from tests.people.conftest import Turned

PASSWORD = "blue-tractor-42"
ALICE = minted.identifier()
BOB = minted.identifier()
HOME, ELSEWHERE = "192.0.2.1", "198.51.100.1"


@pytest.fixture
def attempts(logins: Logins) -> Attempts:
    return logins.attempts


@pytest_twisted.async_yield_fixture
async def another(dsn: str, turned: Turned, passwords: Passwords) -> AsyncIterator[Attempts]:
    """A server that was started on the same database."""
    database, clock = Database(reactor, dsn), Clock(turned.seconds)
    store = open_store(database, clock, Settings())
    await database.start()
    yield server(store, clock, passwords).attempts
    await database.stop()


def server(store: Store, clock: Clock, passwords: Passwords) -> Logins:
    key = ServerKey(b"a server key for tests, long enough")
    application = Application(reactor, Settings(), clock, store, key, build_keys(reactor, clock, store, key))
    vars(application)["passwords"] = passwords
    return application.logins


async def wait(
    attempts: Attempts,
    user_id: UUID | None = ALICE,
    login: str = "alice",
    *,
    address: str = HOME,
    devices: tuple[str, ...] = (),
) -> int:
    """Seconds that this attempt has to wait; 0: it may be made, and its password was wrong."""
    try:
        attempts.look(address, devices)
        await attempts.begin(user_id, login, address, devices)
    except Throttled as throttled:
        return throttled.retry_after
    return 0


async def made(attempts: Attempts, times: int, **options: Any) -> int:
    """How many of so many attempts may be made."""
    return [await wait(attempts, **options) for _ in range(times)].count(0)


def remembered(attempts: Attempts, user_id: UUID = ALICE) -> str:
    return attempts.devices.remember(user_id, attempts.throttle.clock.now())


async def test_a_thousand_guesses_at_one_account_take_at_least_sixteen_hours(
    attempts: Attempts, turned: Turned
) -> None:
    for number in range(1000):
        address = f"2001:db8:{number % 500:x}::1"
        while seconds := await wait(attempts, address=address):
            turned.offset += seconds

    assert turned.offset >= 16 * 3600


async def test_ten_failures_are_free_and_then_it_is_one_a_minute(attempts: Attempts, turned: Turned) -> None:
    assert await made(attempts, 15) == 10

    turned.offset += 120

    assert await made(attempts, 15) == 1


async def test_i12_two_servers_and_a_restart_give_nobody_more(attempts: Attempts, another: Attempts) -> None:
    tried = [await wait((attempts, another)[number % 2]) for number in range(200)]

    assert tried.count(0) == 10


async def test_who_has_to_wait_may_try_again_after_that_time(attempts: Attempts, turned: Turned) -> None:
    await made(attempts, 10)

    turned.offset += await wait(attempts)

    assert await wait(attempts) == 0


async def test_a_name_that_nobody_has_is_counted_as_one_that_somebody_has(attempts: Attempts) -> None:
    known = [await wait(attempts) for _ in range(15)]
    unknown = [await wait(attempts, None, "eve", address=ELSEWHERE) for _ in range(15)]

    assert unknown == known


async def test_an_account_is_one_under_all_its_names(logins: Logins, people: Any, rows: Any) -> None:
    await people.create(username="Alice", email="alice@example.org", password=None, by=SERVER)
    for number in range(10):
        name = ("alice", "ALICE ", "alice@example.org", "\uff21lice")[number % 4]
        assert await logins.authenticate(name, "wrong", address=f"2001:db8:{number:x}::1") is None

    for name in ("alice", "Alice@Example.org", "\uff41lice"):
        with pytest.raises(Throttled):
            await logins.authenticate(name, "wrong", address=ELSEWHERE)


@pytest.mark.parametrize(
    "name", ["ali\u200bce", "alice\u00ad", "al\u0456ce"], ids=["zero width", "soft hyphen", "cyrillic"]
)
async def test_a_name_that_looks_like_an_accounts_is_no_way_round_its_limit(
    logins: Logins, people: Any, rows: Any, name: str
) -> None:
    await people.create(username="alice", password=PASSWORD, by=SERVER)

    known = await logins.authenticate(name, PASSWORD, address=HOME)

    assert known is None


async def test_what_is_typed_as_a_name_is_nowhere_in_the_database(logins: Logins, rows: Any) -> None:
    assert await logins.authenticate("my-password-by-mistake", "x", address=HOME) is None

    assert "my-password" not in str(rows("select convert_from(name, 'latin1') from buckets"))


async def test_one_network_cannot_use_up_what_the_account_has(attempts: Attempts, turned: Turned) -> None:
    for _ in range(30):
        await made(attempts, 3)
        turned.offset += 60

    assert await wait(attempts, address=ELSEWHERE) == 0


async def test_a_network_has_fifty_failures_in_a_quarter_of_an_hour(attempts: Attempts, turned: Turned) -> None:
    names = [minted.identifier() for _ in range(60)]

    assert [await wait(attempts, name) for name in names].count(0) == 50
    assert await wait(attempts, BOB, address=ELSEWHERE) == 0

    turned.offset += 900
    assert [await wait(attempts, name) for name in names].count(0) == 50


async def test_a_network_is_what_one_customer_has(attempts: Attempts) -> None:
    addresses = [f"2001:db8:1:2::{number:x}" for number in range(60)]

    tried = [await wait(attempts, minted.identifier(), address=address) for address in addresses]

    assert tried.count(0) == 50


async def test_a_site_has_a_larger_budget_of_its_own(attempts: Attempts) -> None:
    addresses = [f"2001:db8:1:{number:x}::1" for number in range(250)]

    tried = [await wait(attempts, minted.identifier(), address=address) for address in addresses]

    assert 200 <= tried.count(0) <= 202  # time goes on meanwhile


async def test_an_exhausted_network_is_refused_without_a_statement(logins: Logins, store: Store) -> None:
    for _ in range(51):
        await wait(logins.attempts, minted.identifier())
    before = store.database.statistics.statements

    for number in range(100):
        with pytest.raises(Throttled):
            await logins.authenticate(f"name{number}", "wrong", address=HOME)

    assert store.database.statistics.statements == before


async def test_a_browser_that_has_logged_in_before_is_not_held_up_by_strangers(attempts: Attempts) -> None:
    device = remembered(attempts)
    await made(attempts, 60)
    for name in range(60):
        await wait(attempts, None, f"name{name}")

    assert await wait(attempts) > 0
    assert await wait(attempts, devices=(device,)) == 0


async def test_its_own_failures_count(attempts: Attempts, turned: Turned) -> None:
    device = remembered(attempts)

    assert await made(attempts, 20, devices=(device,)) == 10
    turned.offset += 60
    assert await made(attempts, 20, devices=(device,)) == 1


async def test_all_such_browsers_of_an_account_have_a_budget_together(attempts: Attempts) -> None:
    devices = [remembered(attempts) for _ in range(10)]

    assert sum([await made(attempts, 10, devices=(device,)) for device in devices]) == 30


async def test_a_device_is_good_for_no_other_account(attempts: Attempts) -> None:
    device = remembered(attempts, BOB)
    await made(attempts, 10)

    assert await wait(attempts, devices=(device,)) > 0


async def test_a_device_that_was_made_up_is_none(attempts: Attempts) -> None:
    device = remembered(attempts)
    await made(attempts, 10)
    others = [device[:-1], device[::-1], "0" + device[1:], device + "0", "_", "", "\u00e9" * 36 + "_" + device[-43:]]

    assert all([await wait(attempts, devices=(other,)) for other in others if other != device])


MADE_UP = "0" * 36 + "_" + "0" * 43  # as long as ours


@pytest.mark.parametrize("device", ["x", MADE_UP])
async def test_a_device_that_was_made_up_costs_no_statement_on_an_exhausted_network(
    logins: Logins, store: Store, device: str
) -> None:
    for _ in range(51):
        await wait(logins.attempts, minted.identifier())
    before = store.database.statistics.statements

    with pytest.raises(Throttled):
        await logins.authenticate("alice", "wrong", address=HOME, devices=(device,))

    assert store.database.statistics.statements == before


@pytest.mark.parametrize("device", ["x", MADE_UP])
async def test_a_device_that_was_made_up_has_no_lane_of_its_own(logins: Logins, device: str) -> None:
    under_way = [
        Deferred.fromCoroutine(logins.authenticate(f"name{number}", "wrong", address=HOME))
        for number in range(Settings().limits.password_queue_share or 0)
    ]

    with pytest.raises(Busy):
        await logins.authenticate("alice", "wrong", address=HOME, devices=(device,))

    await gatherResults(under_way, consumeErrors=True)


async def test_a_browser_that_has_logged_in_has_a_lane_beside_a_flood(logins: Logins) -> None:
    device = remembered(logins.attempts)
    under_way = [
        Deferred.fromCoroutine(logins.authenticate(f"name{number}", "wrong", address=HOME))
        for number in range(Settings().limits.password_queue_share or 0)
    ]

    assert await logins.authenticate("alice", "wrong", address=HOME, devices=(device,)) is None

    await gatherResults(under_way, consumeErrors=True)


async def test_what_was_made_up_is_not_kept_for_another_time(logins: Logins) -> None:
    others = remembered(logins.attempts, BOB)

    assert logins.of_others(ALICE, ["x", MADE_UP, others, remembered(logins.attempts)]) == [others]


async def test_a_device_is_known_for_a_year(attempts: Attempts, turned: Turned) -> None:
    devices = attempts.devices
    device = remembered(attempts)
    now = attempts.throttle.clock.now()

    assert devices.find(ALICE, [device], now + timedelta(days=365)) == device
    assert devices.find(ALICE, [device], now + timedelta(days=366)) is None


async def test_a_success_fills_what_counts_the_account(attempts: Attempts) -> None:
    await made(attempts, 9)

    await attempts.succeed(await attempts.begin(ALICE, "alice", HOME, ()), ALICE, HOME)

    assert await made(attempts, 15) == 10


async def test_a_success_makes_no_room_for_guesses_of_its_network(attempts: Attempts) -> None:
    for _ in range(49):
        await wait(attempts, minted.identifier())
    for _ in range(20):
        await attempts.succeed(await attempts.begin(ALICE, "alice", HOME, ()), ALICE, HOME)

    assert await made(attempts, 5, user_id=BOB) == 1


async def test_a_success_in_a_known_browser_leaves_strangers_where_they_were(attempts: Attempts) -> None:
    device = remembered(attempts)
    await made(attempts, 10)

    await attempts.succeed(await attempts.begin(ALICE, "alice", HOME, (device,)), ALICE, HOME)

    assert await wait(attempts) > 0
    assert await made(attempts, 15, devices=(device,)) == 10


async def test_nobody_fills_the_disk_with_sessions_of_one_account(attempts: Attempts, turned: Turned) -> None:
    async def log_in() -> int:
        try:
            await attempts.succeed(await attempts.begin(ALICE, "alice", HOME, ()), ALICE, HOME)
        except Throttled as throttled:
            return throttled.retry_after
        return 0

    waits = [await log_in() for _ in range(300)]
    while not waits[-1] and len(waits) < 900:
        waits.append(await log_in())

    assert set(waits[:300]) == {0}
    assert waits[-1] == 1
