"""All links that people get, one table: scanners use none up, and one that is not good says why and how to get another."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import pytest
from attrs import frozen

from iam.administration import invitations
from iam.people.links import DAY, HOUR, WEEK
from iam.records.actor import COMMAND_LINE
from tests.harness import Server
from tests.mailbox import link_in_mail
from tests.pages.conftest import Visitor, kept, make_account
from tests.pages.passkeys import session_of

ADA, NEW = "ada@example.org", "ada@new.example"
CHOSEN = {"password": "seven wet otters sing 42", "again": "seven wet otters sing 42"}


async def ada(server: Server) -> Visitor:
    return Visitor(server, await session_of(server, await make_account(server, "ada", ADA)))


async def of_sign_up(server: Server) -> str:
    visitor = Visitor(server)
    await visitor.send(await visitor.form("/signup"), email=NEW)
    return await link_in_mail(server)


async def of_reset(server: Server) -> str:
    visitor = await ada(server)
    await visitor.send(await visitor.form("/reset"), login="ada")
    return await link_in_mail(server)


async def of_invitation(server: Server) -> str:
    offer = await invitations.invite(server.application.administration, "bob", COMMAND_LINE)
    return offer.link.removeprefix(server.settings.issuer)


async def of_verification(server: Server) -> str:
    visitor = await ada(server)
    await visitor.send(await visitor.form("/account/verification"))
    return await link_in_mail(server)


async def of_change(server: Server) -> str:
    visitor = await ada(server)
    await visitor.send(await visitor.form("/account/email"), email=NEW)
    return await link_in_mail(server)


async def of_undoing(server: Server) -> str:
    visitor, link = Visitor(server), await of_change(server)
    await visitor.send(await visitor.form(link))
    return await link_in_mail(server)


@frozen
class Kind:
    """A kind of links: how one comes to be, what its form wants, how long it is good, and where another one comes from."""

    make: Callable[[Server], Awaitable[str]]
    seconds: float
    another: str
    fields: Mapping[str, str] = {}


LINKS = {
    "sign-up": Kind(of_sign_up, DAY.total_seconds(), 'href="/signup"', {"username": "bob", **CHOSEN}),
    "reset": Kind(of_reset, HOUR.total_seconds(), 'href="/reset"', CHOSEN),
    "invitation": Kind(of_invitation, WEEK.total_seconds(), "can give you another one", CHOSEN),
    "verification": Kind(of_verification, DAY.total_seconds(), 'href="/account/verification"'),
    "change": Kind(of_change, DAY.total_seconds(), 'href="/account/email"'),
    "undoing": Kind(of_undoing, DAY.total_seconds(), "can give you your account back"),
}


@pytest.fixture(params=LINKS)
def kind(request: pytest.FixtureRequest) -> Kind:
    return LINKS[request.param]


def everything(admin: Any) -> object:
    """All that a link could change; the throttle of who opens them aside."""
    admin.execute("select kind, used_at from links order by created_at, kind")
    return kept(admin), admin.fetchall()


async def test_a_scanner_that_opens_it_uses_nothing_up(server: Server, admin: Any, kind: Kind) -> None:
    link = await kind.make(server)
    before = everything(admin)

    replies = [await server.request(method, link) for method in ("HEAD", "GET", "HEAD", "GET")]
    after = everything(admin)

    assert {reply.status for reply in replies} == {200}
    assert after == before
    visitor = Visitor(server)
    assert (await visitor.send(await visitor.form(link), **kind.fields)).status in (200, 303)


async def test_of_two_tabs_the_second_is_told_that_it_was_used(server: Server, admin: Any, kind: Kind) -> None:
    link, visitor = await kind.make(server), Visitor(server)
    first, second = await visitor.form(link), await visitor.form(link)
    await visitor.send(first, **kind.fields)
    before = everything(admin)

    other = Visitor(server)
    sent, opened, scanned = (
        await visitor.send(second, **kind.fields),
        await other.get(link),
        await server.request("HEAD", link),
    )

    assert (sent.status, opened.status, scanned.status) == (403, 403, 403)
    assert "This link was used already" in opened.text
    assert kind.another in opened.text
    assert everything(admin) == before


async def test_one_that_is_too_old_says_so_and_how_to_get_another(server: Server, admin: Any, kind: Kind) -> None:
    link, visitor = await kind.make(server), Visitor(server)
    form = await visitor.form(link)
    server.clock.advance(int(kind.seconds) + 1)
    before = everything(admin)

    opened, sent = await visitor.get(link), await visitor.send(form, **kind.fields)

    assert (opened.status, sent.status) == (403, 403)
    for reply in (opened, sent):
        assert "This link is too old" in reply.text
        assert kind.another in reply.text
    assert everything(admin) == before


@pytest.mark.parametrize("cut", [1, 10, 43])
async def test_one_that_was_cut_off_says_so(server: Server, kind: Kind, cut: int) -> None:
    link = await kind.make(server)

    reply = await Visitor(server).get(link[:-cut])

    assert (reply.status, "We do not know this link" in reply.text, kind.another in reply.text) == (403, True, True)


async def test_somebody_else_who_is_logged_in_reads_whose_it_is_and_stays_who_they_are(
    server: Server, kind: Kind
) -> None:
    link = await kind.make(server)
    grace = await session_of(server, await make_account(server, "grace", "grace@example.org"))

    page = await Visitor(server, grace).get(link)

    assert page.status == 200
    assert any(f"<bdi>{name}</bdi>" in page.text for name in ("ada", "bob", ADA, NEW))
    assert "grace" not in page.text
    assert "grace" in (await Visitor(server, grace).get("/account")).text
