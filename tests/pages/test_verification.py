"""Verification of an address: a link goes there, and its form says that it is the person's (H23)."""

from typing import Any

from tests.harness import Server
from tests.mailbox import link_in_mail, mailbox
from tests.pages.conftest import PASSWORD, Visitor, kept, make_account

ADA = "ada@example.org"


async def ada(server: Server) -> Visitor:
    """Ada, logged in, whose address is not verified yet."""
    await make_account(server, "ada", ADA)
    visitor = Visitor(server)
    await visitor.send(await visitor.form("/login"), login="ada", password=PASSWORD)
    return visitor


async def asked(visitor: Visitor) -> Any:
    return await visitor.send(await visitor.form("/account/verification"))


def verified(admin: Any) -> bool:
    admin.execute("select email_verified from users where username = 'ada'")
    return bool(admin.fetchone()[0])


async def test_h23_the_form_behind_the_link_verifies_the_address(server: Server, admin: Any) -> None:
    visitor = await ada(server)

    reply = await asked(visitor)
    (mail,) = await mailbox(server)
    elsewhere = Visitor(server)  # where nobody is logged in
    done = await elsewhere.send(await elsewhere.form(await link_in_mail(server)))

    assert "A mail is on its way" in reply.text
    assert (mail.template, mail.recipient) == ("verify", ADA)
    assert "Your e-mail address is confirmed" in done.text
    assert verified(admin)


async def test_the_page_of_the_address_leads_to_its_verification(server: Server) -> None:
    visitor = await ada(server)

    assert 'href="/account/verification"' in (await visitor.get("/account/email")).text


async def test_h22_get_and_head_change_nothing(server: Server, admin: Any) -> None:
    visitor = await ada(server)
    await asked(visitor)
    link, before = await link_in_mail(server), kept(admin)

    replies = [await server.request(method, link) for method in ("GET", "HEAD", "GET")]

    assert {reply.status for reply in replies} == {200}
    assert kept(admin) == before
    assert not verified(admin)


async def test_a_link_is_good_once_and_for_a_day(server: Server) -> None:
    visitor = await ada(server)
    await asked(visitor)
    link = await link_in_mail(server)
    form = await visitor.form(link)
    await visitor.send(form)

    again = await visitor.send(form)
    server.clock.advance(86400 + 10)
    late = await visitor.get(link)

    assert again.status == late.status == 403
    assert "This link was used already" in again.text
    assert 'href="/account/verification"' in late.text


async def test_an_address_that_has_changed_since_is_not_verified(server: Server, admin: Any) -> None:
    visitor = await ada(server)
    await asked(visitor)
    form = await visitor.form(await link_in_mail(server))
    admin.execute("update users set email = 'b@example.org', email_key = 'b@example.org'")

    assert (await visitor.send(form)).status == 403
    assert not verified(admin)


async def test_there_is_nothing_to_verify_twice(server: Server, admin: Any) -> None:
    visitor = await ada(server)
    form = await visitor.form("/account/verification")
    admin.execute("update users set email_verified = true")

    reply = await visitor.send(form)

    assert "There is nothing to confirm" in reply.text
    assert await mailbox(server) == []


async def test_nobody_asks_for_a_person_who_is_not_logged_in(server: Server, visitor: Visitor) -> None:
    assert (await visitor.get("/account/verification")).location == "/login?next=%2Faccount%2Fverification"
    assert (await visitor.send(await visitor.form("/reset"))).status == 400


async def test_h23_nothing_but_the_link_verifies_an_address(server: Server, admin: Any) -> None:
    visitor = await ada(server)
    form = await visitor.form("/account/verification")

    for method in ("POST", "PUT", "PATCH"):
        for path in ("/account", "/account/verification", "/verification", "/api/v1/users/ada"):
            data = {**dict(form.fields), "email_verified": "true", "email": ADA}
            await server.request(method, path, data=data, headers=visitor.headers)

    assert not verified(admin)
