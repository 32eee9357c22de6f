"""Who has to log in before a form is taken finds it again after that, with what they typed; nobody else does."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen

from iam.browser.drafts import LONGEST, SECRET
from iam.server.routes import pages, resumed
from tests.authenticators import Authenticator
from tests.harness import Reply, Server
from tests.pages.conftest import PASSWORD, Visitor, kept, make_account
from tests.pages.form import Form, Reader, form_of
from tests.pages.passkeys import PATH as PASSKEYS
from tests.pages.passkeys import make, session_of

TEMPLATES = Path(__file__).parents[2] / "templates"
LATER = "You have logged in since you filled this in."
REGISTER = "/applications/register?type=app"
TYPED: dict[str, dict[str, str | list[str]]] = {
    REGISTER: {"name": "Half typed", "redirect_uris": "https://a.example/cb\nhttps://b.example", "scopes": ["read"]},
    "/applications/{app}/edit": {"name": "Grüße & <b>", "redirect_uris": ": no address"},
    "/applications/{app}/secret": {"keep": "86400"},
    "/applications/{app}/tokens/new": {"name": "backup", "scopes": ["read"], "ends": "7"},
    "/account/details": {"username": "countess", "nickname": "kept", "picture": "javascript:alert(1)"},
    "/account/email": {"email": "countess@example.org"},
    "/account/tokens/new": {"name": "backup", "scopes": ["read", "write"], "ends": "365"},
    PASSKEYS + "/{passkey}": {"name": "The blue one"},
}


@frozen
class AtForm:
    """Somebody at a form that they have just opened."""

    user_id: Any
    visitor: Visitor
    path: str
    form: Form

    async def log_in(self) -> None:
        """They log in again, by all that may be asked for."""
        self.visitor.cookie = await session_of(self.visitor.server, self.user_id)

    async def come_back(self) -> Reply:
        """They log in, and are led back to the form."""
        await self.log_in()
        return await self.visitor.get(self.path)


async def at_form(server: Server, admin: Any, path: str = REGISTER) -> AtForm:
    """Ada, who has an application and a passkey, at this form."""
    user_id = await make_account(server, "ada")
    visitor = Visitor(server, await session_of(server, user_id))
    await make(visitor, Authenticator(server.settings.origin))
    (passkey, *_) = re.findall(rf"{PASSKEYS}/([0-9a-f-]{{36}})", (await visitor.get(PASSKEYS)).text)
    app = await server.app()
    admin.execute("update clients set owner_id = %s where id = %s", (user_id, app.client_id))
    path = path.format(app=app.client_id, passkey=passkey)
    return AtForm(user_id, visitor, path, first_form(await visitor.get(path)))


def first_form(reply: Reply) -> Form:
    reader = Reader()
    reader.feed(reply.text)
    return reader.forms[0]


async def ended_elsewhere(ada: AtForm) -> None:
    await ada.visitor.server.application.sessions.end(str(ada.visitor.cookie))


async def logged_out_here(ada: AtForm) -> None:
    ada.visitor.cookie = None


async def long_ago(ada: AtForm) -> None:
    ada.visitor.server.clock.advance(ada.visitor.server.settings.session_idle + 1)


@pytest.mark.parametrize("happens", [ended_elsewhere, logged_out_here, long_ago])
@pytest.mark.parametrize("path", TYPED)
async def test_what_was_typed_stands_there_after_the_login_and_is_done_when_it_is_sent_again(
    server: Server, admin: Any, path: str, happens: Callable[[AtForm], Any]
) -> None:
    ada, typed = await at_form(server, admin, path), TYPED[path]
    await happens(ada)

    sent = await ada.visitor.send(ada.form, **typed)
    before = kept(admin)
    shown = await ada.come_back()
    form = first_form(shown)

    assert (sent.status, sent.location.partition("?")[0]) == (303, "/login")
    assert (shown.status, LATER in shown.text) == (200, True)
    for name, value in typed.items():
        assert form.values(name) == ([value] if isinstance(value, str) else value)
    assert {**kept(admin), "sessions": []} == {**before, "sessions": []}
    assert (await ada.visitor.send(form)).status in (200, 303, 400)  # 400 for the two that are wrong


async def test_the_login_page_leads_back_to_the_form(server: Server) -> None:
    await make_account(server, "ada")
    visitor = Visitor(server)
    await visitor.send(await visitor.form("/login"), login="ada", password=PASSWORD)
    form = await visitor.form(REGISTER)
    server.clock.advance(server.settings.session_idle + 1)

    sent = await visitor.send(form, name="Half typed", redirect_uris="https://a.example/cb")
    asked = await visitor.get(sent.location)
    login = await visitor.send(form_of(asked.text), login="ada", password=PASSWORD)
    again = await visitor.form(login.location)

    assert "What you typed is kept" in asked.text
    assert (login.status, login.location) == (303, REGISTER)
    assert again.value("name") == "Half typed"
    assert (await visitor.send(again)).location == "/applications/" + again.value("client_id")


@pytest.mark.parametrize("path", ["/account/email", "/account/tokens/new"])
async def test_a_login_that_is_too_old_is_asked_for_again_and_the_form_stands_there(
    server: Server, admin: Any, path: str
) -> None:
    ada = await at_form(server, admin, path)
    server.clock.advance(601)

    sent = await ada.visitor.send(ada.form, **TYPED[path])

    assert sent.location.startswith("/login?login=again&next=")
    assert LATER in (await ada.come_back()).text


async def test_nobody_else_who_logs_in_with_this_browser_sees_it(server: Server, admin: Any) -> None:
    ada = await at_form(server, admin)
    await ended_elsewhere(ada)
    await ada.visitor.send(ada.form, **TYPED[REGISTER])
    ada.visitor.cookie = await session_of(server, await make_account(server, "grace"))

    theirs = await ada.visitor.get(ada.path)
    hers = await ada.come_back()

    assert (theirs.status, "Half typed" in theirs.text, LATER in theirs.text) == (200, False, False)
    assert "Half typed" in hers.text


async def test_it_is_for_the_page_of_its_form_alone_and_shown_once(server: Server, admin: Any) -> None:
    ada = await at_form(server, admin)
    await ended_elsewhere(ada)
    await ada.visitor.send(ada.form, **TYPED[REGISTER])
    await ada.log_in()

    seen = [(await ada.visitor.get(path)).text for path in ("/account/email", "/account/tokens/new", *[ada.path] * 2)]

    assert ["Half typed" in page for page in seen] == [False, False, True, False]


async def test_it_is_kept_for_ten_minutes(server: Server, admin: Any) -> None:
    ada = await at_form(server, admin)
    await ended_elsewhere(ada)
    sent = await ada.visitor.send(ada.form, **TYPED[REGISTER])
    server.clock.advance(601)

    shown = await ada.come_back()

    assert "Max-Age=600" in (sent.header("set-cookie") or "")
    assert (shown.status, "Half typed" in shown.text) == (200, False)


async def test_the_cookie_says_nothing_and_goes_to_the_form_alone(server: Server, admin: Any) -> None:
    ada = await at_form(server, admin)
    await ended_elsewhere(ada)

    sent = await ada.visitor.send(ada.form, **TYPED[REGISTER])

    cookie = sent.header("set-cookie") or ""
    assert f"; Path={server.settings.path}/applications/register; HttpOnly; SameSite=Lax; Max-Age=600" in cookie
    assert "typed" not in cookie


@pytest.mark.parametrize("draft", ["x" * 60, "A" * LONGEST, "iam_draft", "-" * 41])
async def test_a_cookie_that_we_did_not_write_is_nothing(server: Server, admin: Any, draft: str) -> None:
    ada = await at_form(server, admin)
    ada.visitor.draft = draft

    assert ((await ada.visitor.get(ada.path)).status, LATER in (await ada.visitor.get(ada.path)).text) == (200, False)


async def test_a_cookie_that_was_changed_on_the_way_is_nothing(server: Server, admin: Any) -> None:
    ada = await at_form(server, admin)
    await ended_elsewhere(ada)
    await ada.visitor.send(ada.form, **TYPED[REGISTER])
    draft = str(ada.visitor.draft)
    ada.visitor.draft = draft[:-9] + ("A" if draft[-9] != "A" else "B") + draft[-8:]

    assert LATER not in (await ada.come_back()).text


async def test_a_long_registration_is_kept_too(server: Server, admin: Any) -> None:
    ada = await at_form(server, admin)
    await ended_elsewhere(ada)
    uris = "\n".join(f"https://shop{number}.example.org/auth/callback" for number in range(60))

    await ada.visitor.send(ada.form, name="Half typed", redirect_uris=uris)

    assert form_of((await ada.come_back()).text).value("redirect_uris") == uris


async def test_what_is_too_long_for_a_cookie_is_left_to_the_browser_and_the_page_says_so(
    server: Server, admin: Any
) -> None:
    ada = await at_form(server, admin)
    await ended_elsewhere(ada)
    before = kept(admin)
    noise = "\n".join(f"https://{server.settings.issuer_host}/{hash_of(number)}" for number in range(60))

    sent = await ada.visitor.send(ada.form, redirect_uris=noise)
    await ada.log_in()
    again = await ada.visitor.send(ada.form, redirect_uris=noise)

    assert (sent.status, "reload this page" in sent.text, ada.visitor.draft) == (403, True, None)
    assert form_of(again.text).value("redirect_uris") == noise
    assert {**kept(admin), "sessions": []} == {**before, "sessions": []}


def hash_of(number: int) -> str:
    from hashlib import sha256

    return sha256(str(number).encode()).hexdigest()


async def test_a_form_from_elsewhere_is_not_kept(server: Server, admin: Any) -> None:
    ada = await at_form(server, admin)
    await ended_elsewhere(ada)

    sent = await ada.visitor.send(ada.form, {"Sec-Fetch-Site": "cross-site"}, **TYPED[REGISTER])

    assert (sent.status, ada.visitor.draft) == (403, None)


async def test_passwords_and_codes_are_not_kept(server: Server, admin: Any) -> None:
    ada = await at_form(server, admin, "/account/password")
    server.clock.advance(601)

    await ada.visitor.send(ada.form, password=PASSWORD, again=PASSWORD, sessions=None, tokens="y")
    shown = await ada.come_back()
    form = form_of(shown.text)

    assert (LATER in shown.text, PASSWORD in shown.text) == (True, False)
    assert [form.values(name) for name in ("password", "sessions", "applications", "tokens")] == [
        [""],
        [],
        ["y"],
        ["y"],
    ]


NOT_SHOWN = re.compile(
    r'fields\.(?:code|new_password)\(form\.(\w+)|fields\.text\(form\.(\w+), (?:type=)?"password"|name="(credential)"'
)


def test_whatever_is_typed_and_never_shown_again_is_not_kept() -> None:
    texts = [path.read_text() for path in TEMPLATES.rglob("*.html")]
    found = {name for text in texts for names in NOT_SHOWN.findall(text) for name in names if name}

    assert {"password", "again", "code", "credential"} <= found <= SECRET


async def test_each_form_has_a_page_at_its_address_to_come_back_to(server: Server) -> None:
    routes = pages(server.application)
    shown = {route.path for route in routes if route.methods == ("GET",)}

    assert [
        route.path for route in routes if route.methods == ("POST",) and resumed(route.path) and route.path not in shown
    ] == []


async def test_a_question_is_asked_again_after_the_login(server: Server, admin: Any) -> None:
    ada = await at_form(server, admin, "/applications/{app}/delete")
    await ended_elsewhere(ada)
    before = kept(admin)

    sent = await ada.visitor.send(ada.form)
    shown = await ada.come_back()

    assert (sent.status, ada.visitor.draft) == (303, None)
    assert (shown.status, LATER in shown.text) == (200, False)
    assert {**kept(admin), "sessions": []} == {**before, "sessions": []}
