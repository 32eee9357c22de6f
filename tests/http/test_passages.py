"""What stops a browser on its way to a client: nothing, on the pages by which it goes there; everything, on all others."""

from typing import Any

import pytest

from tests.answers import complete
from tests.harness import Reply, Server, fields
from tests.http.walk import addresses, every_route

FACTORS = {"/login/factor", "/login/factor/passkey", "/login/factor/recovery", "/login/factor/totp"}
PASSKEYS = {"/login/passkey", "/account/security/passkeys/offer"}
PASSAGES = {
    *("/authorize", "/o/authorize/", "/authorize/consent", "/login", *FACTORS, *PASSKEYS),
    *("/logout", "/o/logout/", "/accounts"),
}
HELD = "form-action 'self';"
AFTERWARDS = "https://client.example/bye"


def policy(reply: Reply) -> str:
    return reply.header("content-security-policy") or ""


def test_the_table_says_which_addresses_lead_to_clients() -> None:
    assert {route.path for route in every_route() if route.passage} == PASSAGES


async def test_forms_are_held_to_our_own_pages_wherever_none_can_end_at_a_client(server: Server) -> None:
    table, cookie = await addresses(server)

    for path, route in table:
        for headers in ({}, cookie):
            reply = await server.request(route.methods[0], path, headers=headers)
            free = path in PASSAGES and "<form" in reply.text
            assert (HELD in policy(reply)) is not free, path


async def test_a_window_loses_its_opener_wherever_no_client_waits_for_it(server: Server) -> None:
    """Core §3.1.2.1, display=popup: a client's page may wait for the window that it opened, through each redirect."""
    table, cookie = await addresses(server)

    for path, route in table:
        for headers in ({}, cookie):
            reply = await server.request(route.methods[0], path, headers=headers)
            complete(reply)
            expected = None if path in PASSAGES else "same-origin"
            assert reply.header("cross-origin-opener-policy") == expected, path


async def consent(server: Server, app: Any, person: Any) -> Reply:
    return await server.get(
        f"/authorize?response_type=code&client_id={app.client_id}&code_challenge={'x' * 43}&code_challenge_method=S256",
        headers=person.headers,
    )


async def answer_by_form(server: Server, app: Any, person: Any) -> Reply:
    return await server.authorize(app, person, response_mode="form_post")


async def login(server: Server, _: Any, __: Any) -> Reply:
    return await server.get("/login")


async def wrong_login(server: Server, _: Any, __: Any) -> Reply:
    page = await server.get("/login")
    cookie = (page.header("set-cookie") or "").partition(";")[0]
    form = {**fields(page.text), "login": "x", "password": "y"}
    return await server.post("/login", form, headers={"Cookie": cookie})


async def chooser(server: Server, _: Any, person: Any) -> Reply:
    return await server.get("/accounts", headers=person.headers)


async def question(server: Server, app: Any, person: Any) -> Reply:
    asked = f"/logout?client_id={app.client_id}&post_logout_redirect_uri={AFTERWARDS}"
    return await server.get(asked, headers=person.headers)


@pytest.mark.parametrize("page", [consent, answer_by_form, login, wrong_login, chooser, question])
async def test_a_form_that_may_end_at_a_client_leads_wherever_that_leads(server: Server, page: Any) -> None:
    """CSP3 §6.4.2 is held against every redirect after the form: naming the first address is not enough."""
    app, person = await server.app(post_logout_redirect_uris=(AFTERWARDS,)), await server.person()

    reply = await page(server, app, person)

    assert "<form" in reply.text
    assert "form-action" not in policy(reply)
    assert "default-src 'none'" in policy(reply)
    complete(reply)
