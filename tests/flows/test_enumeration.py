"""Nobody learns who has an account, by the text, the status, the headers, the work or the time of an answer (H15)."""

from collections.abc import Awaitable, Callable
from random import Random
from time import perf_counter
from typing import Any, Final

import pytest
from twisted.internet.defer import Deferred, gatherResults

from iam.records.actor import SERVER
from tests.harness import Reply, Server
from tests.mailbox import mailbox
from tests.pages.conftest import Visitor, make_account
from tests.pages.form import Form
from tests.ranks import likelihood

PAIRS: Final = 200
AT_ONCE: Final = 4  # pairs, where answers wait for a beat
ATTEMPTS: Final = 3  # on a busy machine something else may fall upon one of two samples
UNLIKELY: Final = 0.01

Send = Callable[[str], Awaitable[Reply]]
KINDS = ("verified", "unverified", "disabled", "without a password", "missing")


@pytest.fixture
def limits() -> tuple[str, ...]:
    """Limits that are there, and that nobody reaches."""
    names = ("link-account", "link-network", "writes-per-network", "login-account", "login-network")
    return tuple(f"{name}=100000" for name in (*names, "login-account-network"))


async def people(server: Server) -> None:
    """Somebody of each kind but the last; all names are equally long."""
    for kind in KINDS[:-1]:
        user_id = await make_account(server, name_of(kind), address_of(kind))
        if kind == "disabled":
            await server.store.users.disable(user_id, server.now(), by=SERVER)
    await server.store.database.query(
        "update users set email_verified = username_key <> %(unverified)s,"
        " password_hash = case when username_key = %(empty)s then null else password_hash end",
        {"unverified": name_of("unverified"), "empty": name_of("without a password")},
    )


def name_of(kind: str) -> str:
    return "person" + kind[:1]


def address_of(kind: str) -> str:
    return f"{name_of(kind)}@example.org"


async def sending(server: Server, page: str) -> Send:
    """Sends the form of a page, about one person or another."""
    visitor = Visitor(server)
    form: Form = await visitor.form({"login": "/login", "reset": "/reset", "sign-up": "/signup"}[page])

    async def send(kind: str) -> Reply:
        if page == "sign-up":
            return await visitor.send(form, email=address_of(kind))
        return await visitor.send(form, login=name_of(kind), **({"password": "wrong"} if page == "login" else {}))

    return send


def anonymous(reply: Reply, kind: str) -> tuple[Any, ...]:
    """What came back, but for the name that was typed."""
    headers = sorted((name, value) for name, value in reply.headers.getAllRawHeaders() if name.lower() != b"date")
    return reply.status, headers, reply.text.replace(name_of(kind), "somebody")


@pytest.mark.parametrize("page", ["reset", "sign-up"])
async def test_h15_the_answer_is_the_same_for_everybody(limited: Server, page: str) -> None:
    await people(limited)
    send = await sending(limited, page)

    answers = {kind: anonymous(await send(kind), kind) for kind in KINDS}

    assert {kind: answer == answers["missing"] for kind, answer in answers.items()} == dict.fromkeys(KINDS, True)


@pytest.mark.parametrize("page", ["reset", "sign-up"])
async def test_h15_the_work_is_the_same_for_everybody(limited: Server, page: str, admin: Any) -> None:
    await people(limited)
    send = await sending(limited, page)
    await send("missing")  # what is in memory from now on
    costs = {}

    for kind in KINDS:
        statements, rows = limited.store.database.statistics.statements, written(admin)
        await send(kind)
        costs[kind] = limited.store.database.statistics.statements - statements, written(admin) - rows

    assert set(costs.values()) == {costs["missing"]}
    assert costs["missing"][1] == 2  # the link and the event


def written(admin: Any) -> int:
    """The links and events in the database."""
    admin.execute("select (select count(*) from links) + (select count(*) from audit_events)")
    return int(admin.fetchone()[0])


async def test_a_mail_goes_to_those_who_can_use_it(limited: Server) -> None:
    await people(limited)
    send = await sending(limited, "reset")

    for kind in KINDS:
        await send(kind)

    assert [mail.recipient for mail in await mailbox(limited)] == [
        address_of(kind) for kind in ("verified", "unverified", "without a password")
    ]


async def measure(send: Send, first: str, second: str, at_once: int = 1) -> tuple[list[float], list[float]]:
    """The seconds that answers about one and the other took, so many sent at once, in pairs and in a random order."""
    random, times = Random(f"{first} {second}"), {first: [], second: []}  # type: ignore[var-annotated]

    async def timed(kind: str) -> None:
        before = perf_counter()
        await send(kind)
        times[kind].append(perf_counter() - before)

    while len(times[first]) < PAIRS:
        kinds = [first, second] * AT_ONCE
        random.shuffle(kinds)
        for start in range(0, len(kinds), at_once):
            await gatherResults([Deferred.fromCoroutine(timed(kind)) for kind in kinds[start : start + at_once]])
    return times[first], times[second]


@pytest.mark.parametrize("page", ["reset", "sign-up", "login"])
async def test_h15_the_time_is_the_same_for_everybody(limited: Server, page: str) -> None:
    await people(limited)
    send = await sending(limited, page)
    found: list[float] = []

    while len(found) < ATTEMPTS and max(found, default=0.0) <= UNLIKELY:
        found.append(likelihood(*await measure(send, "verified", "missing", 1 if page == "login" else 2 * AT_ONCE)))

    assert max(found) > UNLIKELY


async def test_what_takes_longer_is_told_apart_by_the_same_measure(limited: Server) -> None:
    """The test of the time can fail: two pages of different work are never alike."""
    paths = {"a page": "/reset", "a sign of life": "/healthz"}

    found = likelihood(*await measure(lambda kind: limited.get(paths[kind]), *paths))

    assert found < UNLIKELY / 100


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ([1, 2, 3, 4, 5], [6, 7, 8, 9, 10], 0.00902),
        ([1, 3, 5, 7, 9], [2, 4, 6, 8, 10], 0.60151),
        ([1, 1, 2, 2], [1, 1, 2, 2], 1.0),
        ([3, 3, 3], [3, 3, 3], 1.0),
    ],
    ids=["apart", "mixed", "equal", "one value"],
)
def test_the_measure_is_that_of_mann_and_whitney(first: list[float], second: list[float], expected: float) -> None:
    assert likelihood(first, second) == pytest.approx(expected, abs=0.0001)
    assert likelihood(second, first) == pytest.approx(expected, abs=0.0001)
