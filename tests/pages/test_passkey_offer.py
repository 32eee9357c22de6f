"""The offer of a passkey after a login by password (WebAuthn Level 3 §5.1.3, conditional creation)."""

from typing import Any

from iam.people.factors.passkeys import OFFERED_AGAIN
from tests.authenticators import Authenticator
from tests.harness import Reply, Server
from tests.pages.accounts import acting
from tests.pages.conftest import PASSWORD, Visitor, make_account
from tests.pages.form import form_of
from tests.pages.passkeys import PATH, made_by, options_of

OFFER = f"{PATH}/offer"


async def log_in(server: Server, path: str = "/login", **fields: str) -> tuple[Visitor, Reply]:
    """A login by password, in a browser that can make a passkey by itself unless it says otherwise."""
    visitor = Visitor(server)
    form = await visitor.form(path)
    return visitor, await visitor.send(form, **{"login": "ada", "password": PASSWORD, "upgrade": "y", **fields})


async def test_a_browser_that_can_is_led_by_the_offer_and_on(server: Server) -> None:
    await make_account(server, "ada")
    visitor, reply = await log_in(server, "/login?next=/applications")
    page = await visitor.get(reply.location)
    device = Authenticator(server.settings.origin)

    made = await visitor.send(form_of(page.text), credential=device.make(options_of(page)))

    assert reply.location == f"{OFFER}?next=%2Fapplications&after=login"
    assert 'data-passkey="upgrade"' in page.text
    assert made.location == "/applications"
    assert "Not used yet." in (await visitor.get(PATH)).text


async def test_a_passkey_that_nobody_touched_is_good_there_and_nowhere_else(server: Server) -> None:
    await make_account(server, "ada")
    visitor, reply = await log_in(server)
    offer, new = await visitor.get(reply.location), await visitor.get(f"{PATH}/new")
    silent = Authenticator(server.settings.origin, present=False, verifies=False)

    refused = await visitor.send(form_of(new.text), credential=silent.make(options_of(new)))
    made = await visitor.send(form_of(offer.text), credential=silent.make(options_of(offer)))

    assert (refused.status, made.status) == (400, 303)
    assert "Not used yet." in (await visitor.get(PATH)).text


async def test_one_made_like_that_is_not_asked_for_after_the_password(server: Server) -> None:
    await make_account(server, "ada")
    visitor, reply = await log_in(server)
    page = await visitor.get(reply.location)
    await visitor.send(form_of(page.text), credential=Authenticator(server.settings.origin).make(options_of(page)))

    again, later = await log_in(server)

    assert later.location == "/"
    assert await acting(again) == "ada"


async def test_other_browsers_go_on_at_once(server: Server) -> None:
    await make_account(server, "ada")

    _, reply = await log_in(server, upgrade="")

    assert reply.location == "/"


async def test_who_has_one_is_offered_none(server: Server) -> None:
    user_id = await make_account(server, "ada")
    await made_by(server, user_id, Authenticator(server.settings.origin))

    _, reply = await log_in(server)

    assert reply.location == "/login/factor?next=%2F"


async def test_an_offer_comes_once_in_a_while(server: Server) -> None:
    await make_account(server, "ada")
    _, first = await log_in(server)
    _, second = await log_in(server)
    server.clock.advance(OFFERED_AGAIN.total_seconds() + 1)
    _, third = await log_in(server)

    assert [OFFER in reply.location for reply in (first, second, third)] == [True, False, True]


async def test_who_wants_none_is_never_asked_again(server: Server) -> None:
    await make_account(server, "ada")
    visitor, first = await log_in(server)
    before = await visitor.get("/account")
    declined = await visitor.send(form_of((await visitor.get(first.location)).text), decline="y")
    server.clock.advance(OFFERED_AGAIN.total_seconds() + 1)
    again, later = await log_in(server)

    assert declined.location == "/"
    assert later.location == "/"
    assert OFFER in before.text
    assert OFFER not in (await again.get("/account")).text


async def test_what_cannot_be_used_leads_on_all_the_same(server: Server) -> None:
    await make_account(server, "ada")
    visitor, reply = await log_in(server, "/login?next=/applications")

    sent = await visitor.send(await visitor.form(reply.location), credential="{}")

    assert sent.location == "/applications"


async def test_the_mark_of_the_login_goes_on_too(server: Server) -> None:
    from tests.pages.conftest import asking

    await make_account(server, "ada")
    app: Any = await server.app(scopes=("openid",))
    asked = await Visitor(server).get(asking(app, scope="openid", prompt="login"))
    visitor, reply = await log_in(server, asked.location)
    page = await visitor.get(reply.location)

    made = await visitor.send(form_of(page.text), credential="{}")

    assert "iam_interaction=" in made.location
    assert "Test application" in (await visitor.get(made.location)).text
