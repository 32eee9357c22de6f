"""H18: a form counts only when it comes from our own page for its purpose, in the browser that opened it."""

from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest
from attrs import frozen

from iam.browser import csrf
from tests.harness import Server
from tests.pages.conftest import PASSWORD, Visitor, asking, kept, make_account
from tests.pages.form import Form

FORMS = ["login", "logout", "accounts", "setup", "register", "edit", "secret", "delete", "disable", "consent"]
ADMINISTRATOR = {"username": "root", "email": "root@example.org", "password": PASSWORD, "again": PASSWORD}


@frozen
class Opened:
    """A form on the screen, and what would be right to send."""

    visitor: Visitor
    form: Form
    fields: dict[str, str]

    async def send(self, headers: dict[str, str] | None = None, **changes: Any) -> Any:
        return await self.visitor.send(self.form, headers, **{**self.fields, **changes})


async def opened(server: Server, name: str) -> Opened:  # noqa: PLR0911 - a table with arrangements
    if name == "login":
        await make_account(server, "ada")
        return await at(Visitor(server), "/login", login="ada", password=PASSWORD)
    if name == "setup":
        return await at(Visitor(server), await server.setup_path(), **ADMINISTRATOR)
    member = Visitor(server, (await server.person()).cookie)
    if name == "logout":
        return await at(member, "/logout")
    if name == "accounts":
        (presence,) = await server.store.sessions.living(server.now(), server.now() - timedelta(days=1))
        return await at(member, "/accounts", log_out=str(presence.id))
    if name == "register":
        return await at(member, "/applications/register", name="Shop", redirect_uris="https://shop.example/")
    app = await member.register()
    if name == "consent":
        return await at(member, asking(app), decision="allow")
    return await at(member, f"/applications/{app.client_id}/{name}", **({"name": "New"} if name == "edit" else {}))


async def at(visitor: Visitor, path: str, **fields: str) -> Opened:
    return Opened(visitor, await visitor.form(path), fields)


@pytest.mark.parametrize("name", FORMS)
async def test_h18_the_form_of_the_page_is_accepted(server: Server, admin: Any, name: str) -> None:
    opening = await opened(server, name)
    before = kept(admin)

    reply = await opening.send()

    assert reply.status == 303
    assert kept(admin) != before


@pytest.mark.parametrize("name", FORMS)
async def test_h18_a_form_without_its_token_changes_nothing(server: Server, admin: Any, name: str) -> None:
    opening = await opened(server, name)
    before = kept(admin)

    replies = [await opening.send(csrf_token=token) for token in (None, "", "x", "é")]

    asked_again = [(303, "/logout")] * 2 if name == "logout" else [(403, "")] * 2  # so it is where applications ask
    assert [(reply.status, reply.location) for reply in replies] == [*asked_again, (403, ""), (403, "")]
    assert kept(admin) == before


@pytest.mark.parametrize("name", FORMS)
async def test_h18_the_token_of_another_purpose_changes_nothing(server: Server, admin: Any, name: str) -> None:
    opening = await opened(server, name)
    elsewhere = {"setup": "/login", "register": "/logout"}
    path = await server.setup_path() if name == "login" else elsewhere.get(name, "/applications/register")
    token = (await opening.visitor.form(path)).value("csrf_token")
    before = kept(admin)

    reply = await opening.send(csrf_token=token)

    assert reply.status == 403
    assert kept(admin) == before


@pytest.mark.parametrize("opened_at", ["9" * 5000, "9" * 13, "9" * 12, "-1", "1.0", "٣", ""])
async def test_a_token_that_its_own_browser_has_made_of_no_second_or_one_far_ahead_changes_nothing(
    server: Server, admin: Any, opened_at: str
) -> None:
    opening = await opened(server, "consent")
    before = kept(admin)
    query = opening.form.action.partition("?")[2]
    purpose = "consent " + sha256(query.encode()).hexdigest()
    cookie = opening.visitor.cookie or ""

    reply = await opening.send(csrf_token=csrf.sign(cookie, purpose, opened_at))

    assert reply.status == 403
    assert kept(admin) == before


@pytest.mark.parametrize("name", FORMS)
async def test_h18_the_token_of_another_browser_changes_nothing(server: Server, admin: Any, name: str) -> None:
    opening = await opened(server, name)
    somebody = Visitor(server, (await server.person()).cookie)
    before = kept(admin)

    reply = await Opened(somebody, opening.form, opening.fields).send()

    assert reply.status == 403
    assert kept(admin) == before


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "null"},
        {"Origin": "https://evil.example"},
        {"Origin": "https://localhost.evil.example"},
        {"Origin": "http://localhost:1"},
        {"Origin": "http://["},
        {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
        {"Origin": "null", "Sec-Fetch-Site": "same-site"},
        {"Origin": "null", "Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Origin": "https://evil.example", "Sec-Fetch-Site": "same-origin"},
    ],
    ids=lambda headers: " ".join(headers.values()),
)
async def test_h18_a_form_from_elsewhere_changes_nothing(
    server: Server, admin: Any, name: str, headers: dict[str, str]
) -> None:
    opening = await opened(server, name)
    before = kept(admin)

    reply = await opening.send(headers)

    assert reply.status == 403
    assert kept(admin) == before


@pytest.mark.parametrize("name", FORMS)
async def test_h18_a_browser_that_says_our_own_origin_is_accepted(server: Server, name: str) -> None:
    opening = await opened(server, name)

    reply = await opening.send({"Origin": server.settings.origin})

    assert reply.status == 303


@pytest.mark.parametrize("name", FORMS)
async def test_h18_an_old_browser_that_says_nothing_is_accepted(server: Server, name: str) -> None:
    opening = await opened(server, name)

    reply = await opening.send({})

    assert reply.status == 303


@pytest.mark.parametrize("name", FORMS)
async def test_h18_a_form_without_cookie_changes_nothing(server: Server, admin: Any, name: str) -> None:
    opening = await opened(server, name)
    before = kept(admin)

    reply = await Opened(Visitor(server), opening.form, opening.fields).send()

    assert reply.status == 403 or reply.location.startswith("/login?next=")
    assert kept(admin) == before


async def test_h18_a_refused_form_says_what_to_do(server: Server) -> None:
    opening = await opened(server, "delete")

    reply = await opening.send({"Sec-Fetch-Site": "cross-site"})

    assert "Go back, reload the page, and try again." in reply.text
    assert reply.header("location") is None
    assert reply.header("set-cookie") is None


@pytest.mark.parametrize("name", FORMS)
async def test_a_malformed_form_is_refused_with_a_page(server: Server, admin: Any, name: str) -> None:
    opening = await opened(server, name)
    headers = {**opening.visitor.headers, "Sec-Fetch-Site": "same-origin"}
    before = kept(admin)

    twice = await server.post(opening.form.action, opening.form.filled({"csrf_token": ["a", "b"]}), headers=headers)
    broken = await server.post(opening.form.action, b"csrf_token=%", headers=headers)
    json = await server.post(opening.form.action, b"{}", headers={**headers, "Content-Type": "application/json"})

    assert [reply.status for reply in (twice, broken, json)] == [400, 400, 415]
    assert all("<h1>" in reply.text for reply in (twice, broken, json))
    assert kept(admin) == before
