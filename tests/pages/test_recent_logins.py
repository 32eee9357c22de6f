"""Which pages of an account and of applications want a login of the last ten minutes: as a table, and as it is told."""

import re
from pathlib import Path
from typing import Any

import pytest

from tests.harness import Server
from tests.http.walk import every_route
from tests.pages.conftest import Visitor, kept, logged_in, visitor_of
from tests.pages.form import form_of
from tests.pages.passkeys import session_of

GUIDE = Path(__file__).parents[2] / "docs/guides/people.md"

# Ways in, secrets, all that is known of a person, and what is gone for good.
RECENT = {
    "/account/data/delete",
    "/account/data/export",
    "/account/email",
    "/account/password",
    "/account/security/app",
    "/account/security/app/remove",
    "/account/security/codes",
    "/account/security/passkeys/<passkey_id>",
    "/account/security/passkeys/<passkey_id>/remove",
    "/account/security/passkeys/<passkey_id>/use",
    "/account/security/passkeys/new",
    "/account/security/passkeys/offer",
    "/account/tokens/new",
    "/applications/<client_id>/delete",
    "/applications/<client_id>/secret",
    "/applications/<client_id>/tokens/new",
}
# What is only looked at, what ends access, and what can be taken back.
ANY = {
    "/account",
    "/account/activity",
    "/account/applications",
    "/account/applications/<client_id>/remove",
    "/account/applications/remove",
    "/account/data",
    "/account/data/keep",
    "/account/details",  # but for the username
    "/account/password/changed",
    "/account/security",
    "/account/security/needed",
    "/account/security/passkeys",
    "/account/sessions",
    "/account/sessions/end",
    "/account/tokens",
    "/account/tokens/<token_id>/remove",
    "/account/verification",
    "/applications",
    "/applications/<client_id>",
    "/applications/<client_id>/disable",
    "/applications/<client_id>/edit",
    "/applications/<client_id>/enable",
    "/applications/<client_id>/tokens",
    "/applications/<client_id>/tokens/<token_id>/remove",
    "/applications/register",
}
SOMETHING = "6f1a3f0e-2f7e-4bb7-9b0d-0c5a3f1f2a6b"
ROUTES = sorted(
    (route.path, route.methods[0]) for route in every_route() if re.match(r"/(account|applications)(/|$)", route.path)
)


def test_each_page_of_an_account_and_of_applications_is_in_the_table() -> None:
    assert {path for path, _ in ROUTES} == RECENT | ANY
    assert not RECENT & ANY


@pytest.mark.parametrize(("path", "method"), ROUTES)
async def test_a_login_of_the_last_ten_minutes_is_wanted_where_the_table_says(
    server: Server, admin: Any, path: str, method: str
) -> None:
    visitor = await logged_in(server)
    app = await visitor.register()
    address = re.sub("<(passkey|token)_id>", SOMETHING, path).replace("<client_id>", app.client_id)
    server.clock.advance(601)
    before = kept(admin)

    if method == "GET":
        reply = await visitor.get(address)
    else:
        reply = await server.post(address, {"csrf_token": "x"}, headers=visitor.headers)

    assert reply.location.startswith("/login?login=again&next=") == (path in RECENT)
    assert kept(admin) == before


async def changing(server: Server, **typed: str) -> tuple[Visitor, Any]:
    """Somebody whose login is old changes their details."""
    visitor = visitor_of(server, await server.person("ada"))
    form = await visitor.form("/account/details")
    server.clock.advance(601)
    return visitor, await visitor.send(form, **typed)


async def test_a_username_is_changed_after_a_login_of_late(server: Server) -> None:
    visitor, reply = await changing(server, username="countess", nickname="Ada")
    unchanged = await server.store.users.by_username("ada")
    assert unchanged
    visitor.cookie = await session_of(server, unchanged.id)

    again = form_of((await visitor.get("/account/details")).text)
    saved = await visitor.send(again)

    assert reply.location == "/login?login=again&next=%2Faccount%2Fdetails&typed=kept"
    assert unchanged.claims == {}
    assert (again.value("username"), again.value("nickname")) == ("countess", "Ada")
    assert saved.location == "/account/details?saved"
    assert await server.store.users.by_username("countess")


async def test_other_details_take_any_login(server: Server) -> None:
    _, reply = await changing(server, nickname="Ada", name="Ada Lovelace")

    assert (reply.status, reply.location) == (303, "/account/details?saved")


def test_the_guide_tells_the_table() -> None:
    section = GUIDE.read_text().partition("## What wants a recent login")[2].partition("\n## ")[0]
    told = set(re.findall(r"`(/(?:account|applications)[^`]*)`", section))

    assert told == {re.sub("<(?:client|passkey|token)_id>", "…", path) for path in RECENT} | {"/account/details"}
