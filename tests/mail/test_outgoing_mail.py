"""Mail of the outbox is sent, by one server, however often that takes; nothing is lost, and nobody waits for it."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.logger import LogLevel, eventAsJSON, globalLogPublisher

from iam.operations.lent_work import INTERVAL
from iam.operations.outgoing_mail import AT_ONCE, OutgoingMail, pause
from iam.outbound.smtp import TOTAL
from iam.secrets.master_key import ServerKey
from tests.harness import Server, serving
from tests.mail.conftest import PostOffice
from tests.waiting import settled, until

LINK = "/reset#iam_xx_" + "s" * 44
ROWS = "select template, attempts, reason, sent_at is not null, given_up_at is not null, secret is not null from outbox order by template"
HOUR = 3600

Begin = Callable[..., OutgoingMail]
Write = Callable[..., Awaitable[None]]


@pytest.fixture
def plain_office(office: PostOffice) -> PostOffice:
    """On this machine there is no TLS."""
    office.starttls = None
    return office


def told(office: PostOffice) -> dict[str, Any]:
    """The settings that name the mail server."""
    return {"smtp": f"smtp://127.0.0.1:{office.number}", "mail_from": "iam@example.org"}


@pytest_twisted.async_yield_fixture
async def begin(configured: Callable[..., Server], plain_office: PostOffice) -> AsyncIterator[Begin]:
    """Makes what a server sends mail with, which is stopped afterwards; it looks only when it is told, or woken."""
    begun: list[OutgoingMail] = []

    def begin_one(**settings: Any) -> OutgoingMail:
        begun.append(configured(**{**told(plain_office), **settings}).application.outgoing_mail)
        return begun[-1]

    yield begin_one
    plain_office.release()
    for one in begun:
        await one.stop()


@pytest.fixture
def write(server: Server) -> Write:
    """A statement that has something to tell, of the moment that the clock shows."""

    async def written(
        template: str = "reset", recipient: str = "alice@example.org", *, link: bool = False, detail: str = "{}"
    ) -> None:
        sealed = server.application.mails.seal(server.settings.issuer + LINK) if link else None
        await server.store.database.query(
            "select mailed(%s, %s, null, %s, %s, %s)", (template, recipient, server.now(), detail, sealed)
        )

    return written


@pytest.fixture
def other(
    server: Server, plain_office: PostOffice, database_dsn: str, key: ServerKey, tmp_path: Path
) -> Iterator[Server]:
    """Another server on the same database and clock."""
    with serving(database_dsn, key, tmp_path, server.clock, **told(plain_office)) as other:
        yield other


@contextmanager
def logged() -> Iterator[list[Any]]:
    """The events of the log, of every level."""
    events: list[Any] = []
    globalLogPublisher.addObserver(events.append)
    try:
        yield events
    finally:
        globalLogPublisher.removeObserver(events.append)


def rows(admin: Any) -> list[Any]:
    admin.execute(ROWS)
    return list(admin.fetchall())


def only(admin: Any) -> dict[str, Any]:
    """The one mail in the outbox."""
    (row,) = rows(admin)
    return dict(zip(("template", "attempts", "reason", "sent", "given_up", "secret"), row, strict=True))


async def tried(mail: OutgoingMail, admin: Any, attempts: int) -> None:
    """Look, and wait until nothing of it is under way."""
    mail.look()
    await until(lambda: only(admin)["attempts"] == attempts and not mail._under_way and not mail._looking)


async def test_what_a_statement_tells_arrives_without_being_looked_for(
    begin: Begin, write: Write, server: Server, plain_office: PostOffice, admin: Any
) -> None:
    begin().start()

    await write(link=True)

    (given,) = await plain_office.heard(1)
    assert (given.sender, given.recipient, given.ehlo) == ("iam@example.org", "alice@example.org", "localhost")
    assert server.settings.issuer + LINK in given.text
    await until(lambda: only(admin)["sent"])
    assert only(admin) == {
        "template": "reset", "attempts": 1, "reason": None, "sent": True, "given_up": False, "secret": False,
    }  # fmt: skip


async def test_of_two_servers_one_sends_a_mail(
    begin: Begin, write: Write, other: Server, plain_office: PostOffice, admin: Any
) -> None:
    ours, theirs = begin(), other.application.outgoing_mail
    ours.start()
    theirs.start()

    for number in range(20):
        await write("new_device", f"person{number}@example.org")

    await plain_office.heard(20)
    await until(lambda: all(sent for _, _, _, sent, _, _ in rows(admin)))
    await theirs.stop()
    recipients = [given.recipient for given in plain_office.given]
    assert sorted(recipients) == sorted(f"person{number}@example.org" for number in range(20))


async def test_what_a_server_took_and_did_not_send_another_sends_when_the_lease_is_over(
    begin: Begin, write: Write, server: Server, plain_office: PostOffice, admin: Any
) -> None:
    await write()
    await server.store.outbox.take(server.now(), server.now() + timedelta(minutes=2), most=1)
    mail = begin()
    mail.look()
    await settled()
    assert plain_office.given == []

    server.clock.advance(121)
    mail.look()

    await plain_office.heard(1)


async def test_a_mail_waits_for_a_mail_server_that_is_down(
    begin: Begin, write: Write, server: Server, plain_office: PostOffice, admin: Any
) -> None:
    mail = begin()
    await plain_office.close()
    await write(link=True)
    await tried(mail, admin, 1)
    assert "refused" in only(admin)["reason"]
    plain_office.open(number=plain_office.number)

    server.clock.advance(9)
    mail.look()
    await settled()
    assert plain_office.given == []
    server.clock.advance(2)
    mail.look()

    (given,) = await plain_office.heard(1)
    assert server.settings.issuer + LINK in given.text
    await until(lambda: only(admin)["sent"])
    assert only(admin)["reason"] is None


@pytest.mark.parametrize(
    ("refusal", "after"),
    [
        (("RCPT", 450, "4.2.1 greylisted"), 10),
        (("DATA", 452, "full"), 10),
        (("MAIL", 550, "not from you"), 10),
        (("RCPT", 550, "5.7.1 relay denied"), HOUR),
        (("DATA", 554, "spam"), HOUR),
    ],
    ids=lambda value: "-".join(map(str, value[:2])) if isinstance(value, tuple) else str(value),
)
async def test_a_refused_mail_is_tried_again(
    begin: Begin, write: Write, server: Server, plain_office: PostOffice, admin: Any, refusal: Any, after: int
) -> None:
    mail = begin()
    plain_office.refusal = refusal
    await write(link=True)
    await tried(mail, admin, 1)
    plain_office.refusal = None
    server.clock.advance(after - 5)
    mail.look()
    await settled()
    assert only(admin)["attempts"] == 1

    server.clock.advance(6)
    await tried(mail, admin, 2)

    assert only(admin)["sent"]


async def test_nobody_there_is_no_reason_to_try_again(
    begin: Begin, write: Write, server: Server, plain_office: PostOffice, admin: Any
) -> None:
    mail = begin()
    plain_office.refusal = ("RCPT", 550, "5.1.1 <alice@example.org>: unknown, see https://mail.example/?u=alice")
    await write(link=True)

    with logged() as events:
        await tried(mail, admin, 1)

    assert only(admin) == {
        "template": "reset", "attempts": 1, "reason": "550 5.1.1 <a***@example.org>: unknown, see (an address)",
        "sent": False, "given_up": True, "secret": False,
    }  # fmt: skip
    assert [event["log_format"][:14] for event in events if event["log_level"] == LogLevel.error] == ["mail given up:"]
    (event,) = await server.store.audit.events(kind="mail.not_delivered")
    assert (event.actor, event.detail) == ("server", {"mail": "reset", "attempts": 1})


async def test_after_a_day_a_mail_is_given_up(
    begin: Begin, write: Write, server: Server, plain_office: PostOffice, admin: Any
) -> None:
    mail = begin()
    await plain_office.close()
    await write("new_device")
    await tried(mail, admin, 1)
    assert not only(admin)["given_up"]
    server.clock.advance(24 * HOUR)

    await tried(mail, admin, 2)

    assert only(admin)["given_up"]
    assert len(await server.store.audit.events(kind="mail.not_delivered")) == 1


async def test_news_is_sent_once_more_however_old_it_is(
    begin: Begin, write: Write, server: Server, plain_office: PostOffice, admin: Any
) -> None:
    """As after days in which no server ran."""
    await write("new_device")
    server.clock.advance(72 * HOUR)

    begin().look()

    await plain_office.heard(1)


async def test_a_link_that_has_expired_is_not_sent(
    begin: Begin, write: Write, server: Server, plain_office: PostOffice, admin: Any
) -> None:
    until_then = (server.now() + timedelta(hours=1)).isoformat()
    await write(link=True, detail=f'{{"until": "{until_then}"}}')
    server.clock.advance(HOUR + 1)

    await tried(begin(), admin, 1)

    assert (only(admin)["given_up"], only(admin)["reason"]) == (True, "its link has expired")
    assert plain_office.given == []


async def test_a_mail_server_that_takes_a_mail_and_dies_gets_it_again_under_the_same_id(
    begin: Begin, write: Write, server: Server, plain_office: PostOffice, admin: Any
) -> None:
    """SMTP leaves it open whether it was taken; by its id a mailbox can tell that it is the same."""
    mail = begin()
    plain_office.dies = True
    await write()
    await tried(mail, admin, 1)
    assert "the connection ended" in only(admin)["reason"]
    plain_office.dies = False
    server.clock.advance(11)

    await tried(mail, admin, 2)

    first, second = (given.message["Message-ID"] for given in plain_office.given)
    assert first == second
    assert only(admin)["sent"]


async def test_what_was_sent_is_not_sent_again_because_the_database_was_away(
    begin: Begin, write: Write, server: Server, plain_office: PostOffice, admin: Any
) -> None:
    mail = begin()
    plain_office.slow = True
    await write()
    mail.look()
    await plain_office.heard(1)
    admin.execute("alter table outbox rename to elsewhere")
    plain_office.release()
    await until(lambda: not mail._under_way)
    admin.execute("alter table elsewhere rename to outbox")
    server.clock.advance(HOUR)

    mail.look()

    await until(lambda: only(admin)["sent"])
    await settled()
    assert len(plain_office.given) == 1
    assert mail._sent == set()


async def test_an_outbox_that_cannot_be_read_is_read_later(
    begin: Begin, write: Write, plain_office: PostOffice, admin: Any
) -> None:
    mail = begin()
    await write()
    admin.execute("alter table outbox rename to elsewhere")
    with logged() as events:
        mail.look()
        await until(lambda: not mail._looking)
    admin.execute("alter table elsewhere rename to outbox")

    mail.look()

    await plain_office.heard(1)
    assert any("cannot be read" in event.get("log_format", "") for event in events)


async def test_a_mail_that_cannot_be_written_holds_up_no_other(
    begin: Begin, write: Write, plain_office: PostOffice, admin: Any
) -> None:
    await write("nonesuch", link=True)
    await write("reset", link=True)

    begin().look()

    await plain_office.heard(1)
    await until(lambda: rows(admin)[0][2] is not None)
    assert rows(admin)[0][2] == "it cannot be written: TemplateNotFound"


async def test_so_many_are_under_way_and_no_more(
    begin: Begin, write: Write, plain_office: PostOffice, admin: Any
) -> None:
    mail = begin()
    plain_office.slow = True
    for _ in range(AT_ONCE + 2):
        await write()

    mail.look()
    await plain_office.heard(AT_ONCE)
    await settled()
    assert len(plain_office.given) == AT_ONCE
    plain_office.release()

    await plain_office.heard(AT_ONCE + 2)


async def test_a_stopping_server_waits_for_what_is_under_way_and_begins_nothing(
    begin: Begin, write: Write, plain_office: PostOffice, admin: Any
) -> None:
    mail = begin()
    mail.start()
    plain_office.slow = True
    await write()
    await plain_office.heard(1)

    stopped = mail.stop()
    await write()
    await settled()
    assert not stopped.called
    plain_office.release()
    await stopped

    assert len(plain_office.given) == 1
    assert sorted(sent for _, _, _, sent, _, _ in rows(admin)) == [False, True]


async def test_whoever_asks_does_not_wait_for_a_mail_server_that_is_slow(
    begin: Begin, write: Write, server: Server, plain_office: PostOffice
) -> None:
    begin().start()
    plain_office.slow = True
    for _ in range(10):
        await write()
    await plain_office.heard(AT_ONCE)

    reply = await server.get("/login")

    assert reply.status == 200
    assert len(plain_office.held) == AT_ONCE


async def test_h30_the_log_has_neither_links_nor_whole_addresses(
    begin: Begin, write: Write, server: Server, plain_office: PostOffice, admin: Any
) -> None:
    mail = begin()
    with logged() as events:
        await write(link=True)
        plain_office.refusal = ("DATA", 451, f"alice@example.org and {server.settings.issuer}{LINK}")
        await tried(mail, admin, 1)
        plain_office.refusal = None
        server.clock.advance(11)
        await tried(mail, admin, 2)

    said = "\n".join(eventAsJSON(event) for event in events)
    assert "a***@example.org" in said
    assert [word for word in ("iam_xx", "alice@", "ssss") if word in said] == []


def test_the_pauses_double_up_to_a_quarter_of_an_hour() -> None:
    assert [pause(attempt).total_seconds() for attempt in (1, 2, 3, 4, 5, 6, 7, 8, 100)] == [
        10, 20, 40, 80, 160, 320, 640, 900, 900,
    ]  # fmt: skip


def test_a_lease_outlasts_an_attempt() -> None:
    from iam.operations.outgoing_mail import LENT

    assert LENT.total_seconds() > TOTAL + INTERVAL


async def test_there_is_nothing_left_to_wait_for_where_nothing_is_under_way(begin: Begin) -> None:
    mail = begin()
    mail.start()

    stopped = mail.stop()

    assert isinstance(stopped, Deferred)
    await stopped
    assert reactor.running
