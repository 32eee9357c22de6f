"""Whoever registers themselves leads nobody anywhere by an address of ours: people go there by a button that names the host."""

import html
import re
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.harness import CHALLENGE, REDIRECT_URI, App, Reply, Server, fields
from tests.pages.conftest import visitor_of
from tests.pages.form import form_of
from tests.registering import registered, stranger

AFTERWARDS = "https://client.example/bye"
WRONG = {"scope": "payroll:admin"}


@pytest.fixture
def opened(configured: Any) -> Server:
    """The server, where everybody may register."""
    server: Server = configured(registration="open")
    return server


def asking(app: App, **parameters: str) -> str:
    query = {
        "response_type": "code",
        "client_id": app.client_id,
        "redirect_uri": REDIRECT_URI,
        "scope": "openid",
        "state": "xyz",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        **parameters,
    }
    return "/authorize?" + urlencode(query)


def button(page: Reply) -> str:
    """Where the button leads."""
    found = re.search(r'<a class="button" href="([^"]*)"[^>]*>Continue to client\.example</a>', page.text)
    assert found, page.text
    return html.unescape(found[1])


async def test_where_nobody_is_logged_in_an_error_is_brought_to_a_stranger_by_a_button(opened: Server) -> None:
    app = await stranger(opened)

    page = await opened.get(asking(app, **WRONG))

    assert (page.status, page.location) == (400, "")
    assert "<h1>Continue to client.example?</h1>" in page.text
    assert "It has registered itself here" in page.text
    assert button(page).startswith(REDIRECT_URI + "?error=invalid_scope&")
    assert "state=xyz" in button(page)


async def test_an_answer_by_a_form_waits_for_the_button_too(opened: Server) -> None:
    app = await stranger(opened)

    page = await opened.get(asking(app, response_mode="form_post", **WRONG))

    assert page.status == 400
    assert "<script" not in page.text
    assert "form-action" not in (page.header("content-security-policy") or "")
    assert fields(page.text)["error"] == "invalid_scope"
    assert form_of(page.text).action == REDIRECT_URI


async def test_a_request_that_allows_no_page_gets_a_redirect(opened: Server) -> None:
    """OpenID Connect Core §3.1.2.1."""
    app = await stranger(opened)

    replies = [await opened.get(asking(app, prompt="none", **changed)) for changed in ({}, WRONG)]

    assert [reply.sent_back["error"] for reply in replies] == ["login_required", "invalid_scope"]


async def test_who_is_logged_in_is_sent_back_at_once(opened: Server) -> None:
    app, person = await stranger(opened), await opened.person()

    reply = await opened.get(asking(app, **WRONG), headers=person.headers)

    assert reply.sent_back["error"] == "invalid_scope"


async def test_a_client_that_somebody_here_answers_for_is_told_its_errors_at_once(opened: Server) -> None:
    app = await opened.app()

    reply = await opened.get(asking(app, **WRONG))

    assert reply.sent_back["error"] == "invalid_scope"


async def test_a_client_registered_with_an_initial_access_token_is_no_stranger(opened: Server) -> None:
    app = (await registered(opened, scope="openid")).app

    reply = await opened.get(asking(app, **WRONG))

    assert reply.sent_back["error"] == "invalid_scope"


async def test_after_a_logout_nobody_is_led_to_a_stranger_without_a_button(opened: Server) -> None:
    app = await stranger(opened, post_logout_redirect_uris=[AFTERWARDS])
    query = urlencode({"client_id": app.client_id, "post_logout_redirect_uri": AFTERWARDS, "state": "s"})

    page = await opened.get("/logout?" + query)

    assert (page.status, page.location) == (200, "")
    assert button(page) == AFTERWARDS + "?state=s"


async def test_a_hint_of_somebody_elses_login_leads_nobody_to_a_stranger(opened: Server) -> None:
    app, mallory = await stranger(opened, post_logout_redirect_uris=[AFTERWARDS]), await opened.person()
    hint = (await opened.tokens(app, mallory, scope="openid"))["id_token"]

    page = await opened.get("/logout?" + urlencode({"id_token_hint": hint, "post_logout_redirect_uri": AFTERWARDS}))

    assert (page.status, page.location) == (200, "")
    assert button(page) == AFTERWARDS


async def test_who_answers_the_question_is_led_to_the_stranger_that_the_question_named(opened: Server) -> None:
    app = await stranger(opened, post_logout_redirect_uris=[AFTERWARDS])
    visitor = visitor_of(opened, await opened.person())
    query = urlencode({"client_id": app.client_id, "post_logout_redirect_uri": AFTERWARDS})

    page = await visitor.get("/logout?" + query)
    reply = await visitor.send(form_of(page.text), decision="leave")

    assert "sent on to <strong>client.example</strong>" in page.text
    assert "It has registered itself here" in page.text
    assert (reply.status, reply.location) == (303, AFTERWARDS)


async def test_after_a_logout_people_are_led_to_a_client_that_somebody_here_answers_for(opened: Server) -> None:
    app = await opened.app(post_logout_redirect_uris=(AFTERWARDS,))
    query = urlencode({"client_id": app.client_id, "post_logout_redirect_uri": AFTERWARDS})

    reply = await opened.get("/logout?" + query)

    assert (reply.status, reply.location) == (303, AFTERWARDS)
