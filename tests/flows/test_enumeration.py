"""Nobody learns who has an account, by the text, the status, the headers, the work or the time of an answer (H15)."""

import re
from collections.abc import Awaitable, Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from random import Random
from time import perf_counter
from typing import Any, Final

import pytest
from attrs import evolve
from pytest_twisted import blockon
from twisted.internet.defer import Deferred, gatherResults

from iam.people import links
from iam.records.actor import SERVER
from iam.secrets import minted
from iam.secrets.master_key import ServerKey
from tests.authenticators import Authenticator
from tests.harness import Reply, Server, serving
from tests.mail.conftest import PostOffice, authority, names, office
from tests.pages.conftest import Visitor, make_account
from tests.pages.factors import add_app
from tests.pages.form import form_of
from tests.pages.passkeys import made_by, options_of
from tests.ranks import likelihood

__all__ = ["authority", "names", "office"]

PAIRS: Final = 200
AT_ONCE: Final = 4  # pairs, where answers wait for a beat
ATTEMPTS: Final = 3  # on a busy machine something else may fall upon one of two samples
UNLIKELY: Final = 0.01

Send = Callable[[str], Awaitable[Reply]]
KINDS: Final = ("verified", "unverified", "disabled", "without a password", "app", "passkey", "missing")
KNOWN: Final = KINDS[:-1]
ANOTHER: Final = "zmissing"  # one more that is missing

# Pages that are told a name; what a browser says of a passkey names its owner.
PAGES: Final = ("login", "passkey start", "reset", "sign-up")
PASSKEYS: Final = ("existing", "disabled", "disabled, signed rightly")
LINKS: Final = {link.path: link for link in vars(links).values() if isinstance(link, links.LinkKind)}
BEATING: Final = ("reset", "sign-up")

# What differs from one answer to the next, whomever it is about.
CHANCE: Final = re.compile(r'(name="csrf_token" value="|challenge&#34;: &#34;)[^"&]*')

# All tables that such pages write, but for the outbox: mail differs, and is hidden by the beat.
WRITTEN: Final = ("links", "audit_events", "buckets", "sessions", "pending_logins", "replays", "users", "passkeys")


@pytest.fixture
def limits() -> tuple[str, ...]:
    """Limits that are there, and that nobody reaches."""
    kinds = ("link-account", "link-network", "writes-per-network", "login-account", "login-network", "secret-network")
    return tuple(f"{name}=100000" for name in (*kinds, "login-account-network"))


@pytest.fixture
def mailing(
    server: Server, database_dsn: str, key: ServerKey, tmp_path: Path, limits: tuple[str, ...], office: PostOffice
) -> Iterator[Server]:
    """A server like `limited` that sends its mail meanwhile, by SMTP."""
    told: dict[str, Any] = {"smtp": f"smtp://127.0.0.1:{office.number}", "mail_from": "iam@example.org"}
    with serving(database_dsn, key, tmp_path, server.clock, no_rate_limits=False, limit=limits, **told) as mailing:
        mail = mailing.application.outgoing_mail
        mail.start()
        yield mailing
        blockon(mail.stop())


async def people(server: Server) -> Authenticator:
    """Somebody of each kind but the last; all names are equally long. Returns the passkey."""
    passkey = Authenticator(server.settings.origin)
    for kind in KNOWN:
        user_id = await make_account(server, name_of(kind), address_of(kind))
        if kind == "app":
            await add_app(server, user_id)
        elif kind == "passkey":
            await made_by(server, user_id, passkey)
        elif kind == "disabled":
            await server.store.users.disable(user_id, server.now(), by=SERVER)
    await server.store.database.query(
        "update users set email_verified = username_key <> %(unverified)s,"
        " password_hash = case when username_key = %(empty)s then null else password_hash end",
        {"unverified": name_of("unverified"), "empty": name_of("without a password")},
    )
    await server.store.database.query("delete from outbox")
    return passkey


def name_of(kind: str) -> str:
    return "person" + kind[:1]


def address_of(kind: str) -> str:
    return f"{name_of(kind)}@example.org"


async def sending(server: Server, page: str) -> Send:
    """Sends what a page asks for, about one person or another."""
    visitor = Visitor(server)
    if page == "passkey start":
        await visitor.get("/login")
        return lambda kind: visitor.get("/login?login_hint=" + name_of(kind))
    form = await visitor.form({"login": "/login", "reset": "/reset", "sign-up": "/signup"}[page])

    async def send(kind: str) -> Reply:
        if page == "sign-up":
            return await visitor.send(form, email=address_of(kind))
        if page == "login":
            return await visitor.send(form, login=name_of(kind), password="wrong")
        return await visitor.send(form, login=name_of(kind))

    return send


async def sending_passkeys(server: Server) -> Send:
    """Sends what a browser says of a passkey: of somebody, signed by another key, and of somebody who is disabled."""
    passkey, disabled = await people(server), Authenticator(server.settings.origin)
    user_id = await make_account(server, "persone", "persone@example.org")
    await made_by(server, user_id, disabled)
    await server.store.users.disable(user_id, server.now(), by=SERVER)
    visitor = Visitor(server)
    page = await visitor.get("/login")
    form, options, other = form_of(page.text), options_of(page), Authenticator(server.settings.origin).key
    form.action = form.action.replace("/login?", "/login/passkey?")
    credentials = {
        "existing": evolve(passkey, key=other).use(options),
        "disabled": evolve(disabled, key=other).use(options),
        "disabled, signed rightly": disabled.use(options),
    }
    return lambda kind: visitor.send(form, credential=credentials[kind])


async def sending_links(server: Server, path: str = "/verification") -> Send:
    """Opens a link that never was, or one that went with the account it was about."""
    visitor, kind = Visitor(server), LINKS[path]
    went, never = minted.mint(kind.secret), minted.mint(kind.secret)
    user_id = await make_account(server, "ada", "ada@example.org")
    now = server.now()
    await server.store.database.query(
        "insert into links (digest, kind, user_id, email, created_at, expires_at)"
        " values (%(digest)s, %(kind)s, %(user_id)s, 'ada@example.org', %(now)s, %(now)s + interval '1 day')",
        {"digest": minted.digest(went), "kind": kind.word, "user_id": user_id, "now": now},
    )
    await server.store.users.delete(user_id, now, by=SERVER)
    secrets = {"went": went, "never": never}
    return lambda which: visitor.get(f"{path}?link={secrets[which]}")


def anonymous(reply: Reply, kind: str) -> tuple[Any, ...]:
    """What came back, but for the name that was typed, and chance."""
    headers = sorted((name, *value) for name, value in reply.headers.getAllRawHeaders() if name.lower() != b"date")
    return reply.status, tuple(headers), CHANCE.sub(r"\1", reply.text.replace(name_of(kind), "somebody"))


@pytest.mark.parametrize("page", PAGES)
async def test_h15_the_answer_is_the_same_for_everybody(limited: Server, page: str) -> None:
    await people(limited)
    send = await sending(limited, page)

    answers = {kind: anonymous(await send(kind), kind) for kind in KINDS}

    assert {kind: answer == answers["missing"] for kind, answer in answers.items()} == dict.fromkeys(KINDS, True)


@pytest.mark.parametrize("page", PAGES)
async def test_h15_the_work_is_the_same_for_everybody(limited: Server, page: str, admin: Any) -> None:
    await people(limited)
    send = await sending(limited, page)
    await send(ANOTHER)  # what is in memory from now on

    costs = {kind: await cost(limited, admin, partial(send, kind)) for kind in KINDS}

    assert set(costs.values()) == {costs["missing"]}
    statements, links, events, *_ = costs["missing"]
    assert (links, events) == ((1, 1) if page in BEATING else (0, 0))
    assert (statements > 0) is (page != "passkey start")


async def cost(server: Server, admin: Any, send: Callable[[], Awaitable[Reply]]) -> tuple[int, ...]:
    """How many statements an answer takes, and how many rows of each table."""
    await server.quiet()
    statements, before = server.store.database.statistics.statements, written(admin)
    await send()
    rows = [after - earlier for after, earlier in zip(written(admin), before, strict=True)]
    return server.store.database.statistics.statements - statements, *rows


def written(admin: Any) -> tuple[int, ...]:
    """The rows of each table that such pages write."""
    admin.execute("select " + ", ".join(f"(select count(*) from {table})" for table in WRITTEN))
    return tuple(admin.fetchone())


async def test_h15_a_passkey_that_is_not_accepted_tells_nothing_of_its_person(limited: Server, admin: Any) -> None:
    send = await sending_passkeys(limited)
    await send("existing")  # what is in memory from now on

    answers = {anonymous(await send(kind), "missing") for kind in PASSKEYS}
    costs = {await cost(limited, admin, partial(send, kind)) for kind in PASSKEYS}

    assert len(answers) == len(costs) == 1


@pytest.mark.parametrize("path", LINKS)
async def test_h15_a_link_that_never_was_and_one_that_went_with_its_account_are_alike(
    limited: Server, admin: Any, path: str
) -> None:
    send = await sending_links(limited, path)
    await send("never")  # what is in memory from now on

    answers = {anonymous(await send(kind), "missing") for kind in ("went", "never")}
    costs = {await cost(limited, admin, partial(send, kind)) for kind in ("went", "never")}

    assert len(answers) == len(costs) == 1


async def test_h15_a_stranger_has_no_mail_sent_to_verify_an_address(limited: Server, admin: Any) -> None:
    """The page that sends such mail again names nobody: it is about who is logged in."""
    await people(limited)
    stranger, before = Visitor(limited), written(admin)

    shown = await stranger.get("/account/verification")
    sent = [
        await limited.post("/account/verification", {"email": address_of(kind), "login": name_of(kind)})
        for kind in KINDS
    ]

    assert shown.location.startswith("/login?next=")
    assert {anonymous(reply, "missing") for reply in sent} == {anonymous(sent[0], "missing")}
    assert sent[0].status == 403
    links, events, *_ = written(admin)
    assert (links, events) == before[:2]
    assert await limited.store.database.query("select from outbox") == []


async def test_a_mail_goes_to_those_who_can_use_it(limited: Server) -> None:
    await people(limited)
    send = await sending(limited, "reset")

    for kind in KINDS:
        await send(kind)

    rows = await limited.store.database.query(
        "select recipient from outbox where template = 'reset' order by created_at"
    )
    assert [recipient for (recipient,) in rows] == [address_of(kind) for kind in KNOWN if kind != "disabled"]


Samples = tuple[list[float], list[float]]


async def measure(send: Send, first: Sequence[str], second: Sequence[str], at_once: int = 1) -> Samples:
    """The seconds that answers about some and others took, so many sent at once, in pairs and in a random order."""
    random, times = Random(f"{first} {second}"), (list[float](), list[float]())

    async def timed(side: int, kind: str) -> None:
        before = perf_counter()
        await send(kind)
        times[side].append(perf_counter() - before)

    while len(times[0]) < PAIRS:
        asked = [(0, random.choice(first)) for _ in range(AT_ONCE)] + [
            (1, random.choice(second)) for _ in range(AT_ONCE)
        ]
        random.shuffle(asked)
        for start in range(0, len(asked), at_once):
            await gatherResults([Deferred.fromCoroutine(timed(*each)) for each in asked[start : start + at_once]])
    return times


async def alike(send: Send, first: Sequence[str], second: Sequence[str], at_once: int = 1) -> float:
    """How likely the times of both are if they come from one distribution: the most of some attempts."""
    found: list[float] = []
    while len(found) < ATTEMPTS and max(found, default=0.0) <= UNLIKELY:
        found.append(likelihood(*await measure(send, first, second, at_once)))
    return max(found)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Measures everybody together; with `--long` also each kind by itself."""
    if "known" in metafunc.fixturenames:
        each = KNOWN if metafunc.config.getoption("long") else ()
        metafunc.parametrize("known", [KNOWN, *((kind,) for kind in each)], ids=["everybody", *each])


@pytest.mark.parametrize("page", [page for page in PAGES if page not in BEATING])
async def test_h15_the_time_is_the_same_for_everybody(limited: Server, page: str, known: tuple[str, ...]) -> None:
    await people(limited)
    send = await sending(limited, page)

    assert await alike(send, known, ("missing",)) > UNLIKELY


@pytest.mark.parametrize("page", BEATING)
async def test_h15_the_time_is_the_same_while_mail_is_sent(
    mailing: Server, office: PostOffice, page: str, known: tuple[str, ...], pytestconfig: pytest.Config
) -> None:
    await people(mailing)
    send = await sending(mailing, page)

    found = await alike(send, known, ("missing",), 1 if pytestconfig.getoption("long") else 2 * AT_ONCE)

    assert len(office.given) > (PAIRS / 4 if known == KNOWN else 0)  # it was being sent meanwhile
    assert found > UNLIKELY


async def test_h15_the_time_is_the_same_for_whosever_passkey_it_is(limited: Server) -> None:
    send = await sending_passkeys(limited)

    assert await alike(send, PASSKEYS[:1], PASSKEYS[1:]) > UNLIKELY


async def test_h15_the_time_is_the_same_for_whatever_link_is_not_there(limited: Server) -> None:
    send = await sending_links(limited)

    assert await alike(send, ("went",), ("never",)) > UNLIKELY


async def test_what_takes_longer_is_told_apart_by_the_same_measure(limited: Server) -> None:
    """The test of the time can fail: two pages of different work are never alike."""
    paths = {"a page": "/reset", "a sign of life": "/healthz"}

    found = likelihood(*await measure(lambda kind: limited.get(paths[kind]), ("a page",), ("a sign of life",)))

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
