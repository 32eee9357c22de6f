"""The pages of an account: whose they are, and how lately one must have logged in."""

from tests.harness import Server
from tests.pages.accounts import everybody
from tests.pages.conftest import Visitor, visitor_of


async def test_who_is_not_logged_in_is_led_to_the_login_and_comes_back(server: Server) -> None:
    reply = await Visitor(server).get("/account?from=mail")

    assert (reply.status, reply.location) == (303, "/login?next=%2Faccount%3Ffrom%3Dmail")


async def test_the_account_is_its_holders(server: Server) -> None:
    visitor = await everybody(server, "ada")

    page = (await visitor.get("/account")).text

    assert "Welcome, <bdi>ada</bdi>" in page
    assert "ada@example.org" in page
    assert '<a href="/account" aria-current="page">Overview</a>' in page
    assert '<a class="person" href="/account">' in page


async def test_the_front_page_leads_a_person_to_their_account(server: Server) -> None:
    member, anybody = visitor_of(server, await server.person()), Visitor(server)

    assert (await member.get("/")).location == "/account"
    assert "Log in" in (await anybody.get("/")).text
