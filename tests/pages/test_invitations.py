"""Links that administrators make: to a first password, and to another one; by mail, or handed over (H22)."""

from datetime import timedelta
from typing import Any

import pytest

from iam.administration import invitations, people
from iam.administration.invitations import Offer
from iam.records.actor import COMMAND_LINE
from iam.records.invalid import Invalid
from tests.harness import Server
from tests.mailbox import link_in_mail, mailbox, newest
from tests.pages.conftest import PASSWORD, Visitor, kept, make_account
from tests.pages.form import form_of

NEW = "seven wet otters sing 42"
RIGHT = {"name": "Bob Builder", "password": NEW, "again": NEW}
BOB = "bob@example.org"


async def invited(server: Server, email: str | None = None) -> Offer:
    return await invitations.invite(server.application.administration, "bob", COMMAND_LINE, email=email)


def path(server: Server, offer: Offer) -> str:
    return offer.link.removeprefix(server.settings.issuer)


async def test_an_invited_person_chooses_a_password_and_logs_in(server: Server, visitor: Visitor) -> None:
    offer = await invited(server)

    reply = await visitor.send(await visitor.form(path(server, offer)), **RIGHT)
    login = await visitor.get(reply.location)
    inside = await visitor.send(form_of(login.text), login="bob", password=NEW)

    user = await server.store.users.by_username("bob")
    assert (reply.status, reply.location) == (303, "/login?next=%2Faccount&reset=first")
    assert (inside.status, inside.location) == (303, "/account")
    assert user is not None
    assert (user.name, user.email, offer.mailed) == ("Bob Builder", None, False)
    assert await mailbox(server) == []


async def test_an_invitation_by_mail_verifies_the_address_and_a_printed_one_does_not(
    server: Server, visitor: Visitor, admin: Any
) -> None:
    await invited(server, BOB)
    mail = await newest(server)
    assert (mail.template, mail.recipient, mail.detail["username"]) == ("invite", BOB, "bob")
    await visitor.send(await visitor.form(await link_in_mail(server)), **RIGHT)
    printed = await invitations.invite(server.application.administration, "eve", COMMAND_LINE, email="eve@example.org")
    await visitor.send(await visitor.form(path(server, printed)), **RIGHT)

    admin.execute("select username, email_verified from users order by username")
    assert admin.fetchall() == [("bob", True), ("eve", False)]


async def test_h22_the_use_of_one_of_two_links_ends_the_other(server: Server, visitor: Visitor) -> None:
    offer = await invited(server, BOB)
    mailed = await link_in_mail(server)
    await visitor.send(await visitor.form(path(server, offer)), **RIGHT)

    reply = await visitor.get(mailed)

    assert reply.status == 403
    assert "There is a newer link" in reply.text


async def test_an_invitation_is_good_for_a_week(server: Server, visitor: Visitor) -> None:
    offer = await invited(server)
    server.clock.advance(7 * 86400 - 10)
    assert (await visitor.get(path(server, offer))).status == 200

    server.clock.advance(20)

    late = await visitor.get(path(server, offer))
    assert late.status == 403
    assert "can give you another one" in late.text


async def test_a_newer_invitation_ends_the_older_one(server: Server, visitor: Visitor) -> None:
    older, newer = await invited(server), await invited(server)

    assert (await visitor.get(path(server, older))).status == 403
    assert (await visitor.get(path(server, newer))).status == 200


async def test_h22_get_and_head_change_nothing(server: Server, visitor: Visitor, admin: Any) -> None:
    link = path(server, await invited(server))
    before = kept(admin)

    replies = [await server.request(method, link) for method in ("GET", "HEAD", "GET")]

    assert {reply.status for reply in replies} == {200}
    assert kept(admin) == before
    assert (await visitor.send(await visitor.form(link), **RIGHT)).status == 303


@pytest.mark.parametrize(
    ("field", "changes", "words"),
    [
        ("name", {"name": "n" * 300}, "at most 200 characters"),
        ("password", {"password": "short", "again": "short"}, "at least 8 characters"),
        ("again", {"again": "something else"}, "type the same one twice"),
    ],
)
async def test_an_error_stands_next_to_its_field_and_what_was_typed_stays(
    server: Server, visitor: Visitor, admin: Any, field: str, changes: dict[str, str], words: str
) -> None:
    form = await visitor.form(path(server, await invited(server)))
    before = kept(admin)

    reply = await visitor.send(form, **{**RIGHT, **changes})

    again = form_of(reply.text)
    assert reply.status == 400
    assert words in reply.text.partition(f'id="{field}-error">')[2].partition("</p>")[0]
    assert again.value("name") == {**RIGHT, **changes}["name"]
    assert (again.value("password"), again.value("again")) == ("", "")
    assert kept(admin) == before


async def test_whoever_has_a_password_is_not_invited(server: Server) -> None:
    await make_account(server, "bob")

    with pytest.raises(Invalid, match="reset it for another one"):
        await invited(server)


async def test_a_disabled_person_gets_no_link(server: Server) -> None:
    await invited(server)
    on = server.application.administration
    await people.disable(on, "bob", COMMAND_LINE)

    with pytest.raises(Invalid, match="enable them first"):
        await invited(server)
    with pytest.raises(Invalid, match="enable them first"):
        await invitations.reset_password(on, "bob", COMMAND_LINE)


async def test_an_address_is_given_to_a_new_account_only(server: Server) -> None:
    await invited(server, BOB)

    assert (await invited(server, "BOB@example.org")).mailed
    with pytest.raises(Invalid, match="change theirs first"):
        await invited(server, "other@example.org")


async def test_an_administrator_offers_another_password_for_a_day_and_by_mail_for_an_hour(
    server: Server, visitor: Visitor
) -> None:
    await make_account(server, "bob", BOB)
    offer = await invitations.reset_password(server.application.administration, "bob", COMMAND_LINE)
    mailed = await link_in_mail(server)

    assert offer.expires_at - server.now() > timedelta(hours=23, minutes=59)
    assert (await visitor.send(await visitor.form("/login"), login="bob", password=PASSWORD)).status == 303
    server.clock.advance(3700)
    assert (await visitor.get(mailed)).status == 403
    assert (await visitor.send(await visitor.form(path(server, offer)), password=NEW, again=NEW)).status == 303
    assert (await visitor.get("/account")).status == 303  # the session before it has ended


async def test_strangers_who_ask_for_mail_do_not_end_a_link_that_was_printed(server: Server, visitor: Visitor) -> None:
    await make_account(server, "bob", BOB)
    offer = await invitations.reset_password(server.application.administration, "bob", COMMAND_LINE)

    await visitor.send(await visitor.form("/reset"), login="bob")

    assert (await visitor.get(path(server, offer))).status == 200
    assert (await visitor.get(await link_in_mail(server))).status == 200


async def test_h29_each_link_of_an_administrator_is_one_event(server: Server, admin: Any) -> None:
    await invited(server, BOB)
    await make_account(server, "eve")
    await invitations.reset_password(server.application.administration, "eve", COMMAND_LINE)

    admin.execute(
        "select kind, actor from audit_events where kind in ('user.invited', 'user.reset_offered') order by at"
    )
    assert admin.fetchall() == [("user.invited", "command line"), ("user.reset_offered", "command line")]


async def test_a_new_password_by_an_administrator_is_told_by_mail(server: Server) -> None:
    await make_account(server, "bob", BOB)

    await people.set_password(server.application.administration, "bob", NEW, COMMAND_LINE)

    mail = await newest(server)
    assert (mail.template, mail.recipient, mail.detail) == ("password_changed", BOB, {"by_administrator": True})


async def test_links_begin_with_the_address_that_the_servers_have_noted(server: Server) -> None:
    await server.store.service.note("https://login.example.org/o", server.now())

    offer = await invited(server)

    assert offer.link.startswith("https://login.example.org/o/invitation?link=iam_iv_")
    assert "iam_iv_" not in repr(offer)
