"""Who is logged out, for whom and where that leads is what the page of the logout said."""

from urllib.parse import urlencode

from attrs import evolve

from tests.flows.test_rp_initiated_logout import AFTERWARDS, relying_party
from tests.harness import App, Server
from tests.pages.conftest import Visitor, logged_in
from tests.pages.form import form_of
from tests.pages.test_consent_changes import metadata

CHANGED = "This page has changed"


def leaving(app: App) -> str:
    return "/logout?" + urlencode({"client_id": app.client_id, "post_logout_redirect_uri": AFTERWARDS})


async def still_there(visitor: Visitor) -> bool:
    return (await visitor.get("/applications")).status == 200


async def test_the_page_says_where_the_logout_leads(server: Server) -> None:
    app, visitor = await relying_party(server), await logged_in(server)

    page = (await visitor.get(leaving(app))).text

    assert "go on to <strong>client.example</strong>" in page


async def test_a_client_that_takes_another_name_meanwhile_logs_nobody_out_under_it(server: Server) -> None:
    app, visitor = await relying_party(server), await logged_in(server)
    form = await visitor.form(leaving(app))
    await metadata(server, app, name="Your bank")

    again = await visitor.send(form, decision="leave")
    stayed = await still_there(visitor)
    left = await visitor.send(form_of(again.text), decision="leave")

    assert CHANGED in again.text
    assert "Your bank" in again.text
    assert stayed
    assert left.location == AFTERWARDS


async def test_a_logout_leads_nowhere_that_is_registered_no_longer(server: Server) -> None:
    app, visitor = await relying_party(server), await logged_in(server)
    form = await visitor.form(leaving(app))
    await metadata(server, app, post_logout_redirect_uris=())

    reply = await visitor.send(form, decision="leave")

    assert (reply.status, reply.location) == (400, "")
    assert await still_there(visitor)


async def test_the_form_of_one_account_logs_no_other_out(server: Server) -> None:
    ada, bob = await logged_in(server), await logged_in(server)
    form = await ada.form("/logout")
    both = evolve(bob, others=ada.cookie)

    reply = await both.send(form, decision="leave")

    assert reply.header("set-cookie") is None
    assert await still_there(ada)
    assert await still_there(bob)


async def test_a_page_of_which_nothing_has_changed_is_answered(server: Server) -> None:
    app, visitor = await relying_party(server), await logged_in(server)
    form = await visitor.form(leaving(app))

    reply = await visitor.send(form, decision="leave")

    assert reply.location == AFTERWARDS
    assert not await still_there(visitor)
