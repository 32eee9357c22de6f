"""The change of one's own e-mail address: by a link to the new one, told to the old one, which can undo it for a day (H23)."""

from typing import Any

import pytest

from tests.harness import Server
from tests.mailbox import link_in_mail, mailbox
from tests.pages.accounts import log_in
from tests.pages.conftest import Visitor, kept, make_account
from tests.pages.test_own_sessions import FIREFOX, browser

PATH = "/account/email"
OLD, NEW = "ada@example.org", "ada@new.example"


async def ada(server: Server) -> Visitor:
    await make_account(server, "ada", OLD)
    return await browser(server, "ada", FIREFOX)


async def ask(visitor: Visitor, email: str = NEW) -> Any:
    return await visitor.send(await visitor.form(PATH), email=email)


async def address_of(server: Server, username: str = "ada") -> tuple[str | None, bool]:
    user = await server.store.users.by_username(username)
    assert user is not None
    return user.email, user.email_verified


async def changed(server: Server) -> tuple[Visitor, str]:
    """Ada with her new address, and the link that undoes it."""
    visitor = await ada(server)
    await ask(visitor)
    stranger = Visitor(server)
    await stranger.send(await stranger.form(await link_in_mail(server)))
    return visitor, await link_in_mail(server)


async def test_h23_the_address_changes_when_the_link_in_its_mail_is_used(server: Server) -> None:
    visitor = await ada(server)

    reply = await ask(visitor)
    (mail,) = await mailbox(server)
    assert "Look into the mail of" in reply.text
    assert (mail.template, mail.recipient) == ("verify", NEW)
    assert await address_of(server) == (OLD, False)

    other = Visitor(server)
    done = await other.send(await other.form(str(mail.link)))

    assert "Your e-mail address is changed" in done.text
    assert await address_of(server) == (NEW, True)
    assert (await log_in(Visitor(server), NEW)).status == 303
    assert (await visitor.get("/account")).status == 200


async def test_opening_the_link_changes_nothing_and_it_is_good_once(server: Server, admin: Any) -> None:
    visitor = await ada(server)
    await ask(visitor)
    link, before = await link_in_mail(server), kept(admin)
    opened = Visitor(server)
    form = await opened.form(link)
    assert kept(admin) == before

    first, second = await opened.send(form), await opened.send(form)

    assert (first.status, second.status) == (200, 403)
    assert "used already" in second.text


async def test_h23_the_old_address_is_told_and_can_undo_it_for_a_day(server: Server) -> None:
    visitor, undo = await changed(server)
    told = (await mailbox(server))[-1]
    assert (told.template, told.recipient, told.detail["new_email"]) == ("email_changed", OLD, NEW)

    stranger = Visitor(server)
    reply = await stranger.send(await stranger.form(undo))

    assert "Your e-mail address is back" in reply.text
    assert 'href="/account/security"' in reply.text  # where the thief may have left a passkey
    assert await address_of(server) == (OLD, True)
    assert (await visitor.get("/account")).status == 303


async def test_after_a_day_it_cannot_be_undone_any_more(server: Server) -> None:
    _, undo = await changed(server)
    server.clock.advance(86400)

    reply = await Visitor(server).get(undo)

    assert reply.status == 403
    assert await address_of(server) == (NEW, True)


async def test_who_changed_it_cannot_undo_the_undoing(server: Server) -> None:
    visitor, undo = await changed(server)
    await ask(visitor, "thief@example.com")
    thief = Visitor(server)
    await thief.send(await thief.form(await link_in_mail(server)))
    theirs = (await mailbox(server))[-1]
    assert theirs.recipient == NEW

    owner = Visitor(server)
    await owner.send(await owner.form(undo))

    assert await address_of(server) == (OLD, True)
    assert (await Visitor(server).get(str(theirs.link))).status == 403


async def test_who_changed_it_twice_cannot_use_up_the_owners_undoing(server: Server) -> None:
    visitor, undo = await changed(server)
    server.clock.advance(1)
    await ask(visitor, "thief@example.com")
    thief = Visitor(server)
    await thief.send(await thief.form(await link_in_mail(server)))
    await thief.send(await thief.form(await link_in_mail(server)))
    assert await address_of(server) == (NEW, True)

    owner = Visitor(server)
    await owner.send(await owner.form(undo))

    assert await address_of(server) == (OLD, True)


async def test_a_newer_link_and_a_new_password_end_the_link(server: Server, admin: Any) -> None:
    visitor = await ada(server)
    await ask(visitor)
    first = await link_in_mail(server)
    server.clock.advance(1)
    await ask(visitor, "other@new.example")
    second = await link_in_mail(server)

    assert (await Visitor(server).get(first)).status == 403
    assert (await Visitor(server).get(second)).status == 200
    admin.execute("update users set password_hash = 'another'")
    assert (await Visitor(server).get(second)).status == 403


async def test_an_address_that_somebody_has_gets_no_mail_and_the_page_says_the_same(server: Server) -> None:
    visitor = await ada(server)
    await make_account(server, "bob", "bob@example.org")

    taken, free = await ask(visitor, "BOB@example.org"), await ask(visitor, NEW)

    assert [mail.recipient for mail in await mailbox(server)] == [NEW]
    assert taken.status == free.status == 200
    assert taken.text.partition("Look into")[0].count("<p>") == free.text.partition("Look into")[0].count("<p>")


async def test_an_address_that_was_taken_meanwhile_stays_with_who_has_it(server: Server) -> None:
    visitor = await ada(server)
    await ask(visitor)
    link = await link_in_mail(server)
    await make_account(server, "bob", NEW)
    stranger = Visitor(server)

    reply = await stranger.send(await stranger.form(link))

    assert reply.status == 403
    assert "Another account has this e-mail address by now" in reply.text
    assert await address_of(server) == (OLD, False)


@pytest.mark.parametrize(
    "given", ["", "ada", "ada@example.org\r\nBcc: x@y.example", "a" * 300 + "@example.org"], ids=range(4)
)
async def test_what_is_no_address_is_said_beside_the_field(server: Server, admin: Any, given: str) -> None:
    visitor = await ada(server)
    before = kept(admin)

    reply = await ask(visitor, given)

    assert reply.status == 400
    assert 'id="email-error"' in reply.text
    assert await mailbox(server) == []
    assert kept(admin) == before


async def test_it_wants_a_recent_login(server: Server) -> None:
    visitor = await ada(server)
    form = await visitor.form(PATH)
    server.clock.advance(601)

    shown, sent = await visitor.get(PATH), await visitor.send(form, email=NEW)

    assert shown.location.startswith("/login?login=again")
    assert (sent.status, sent.location) == (303, shown.location + "&typed=kept")
    assert await mailbox(server) == []


async def test_each_step_is_written_down(server: Server) -> None:
    _, undo = await changed(server)
    stranger = Visitor(server)
    await stranger.send(await stranger.form(undo))

    kinds = [event.kind for event in await server.store.audit.events() if "email" in event.kind]

    assert kinds == ["user.email_change_asked", "user.email_changed", "user.email_change_undone"]
