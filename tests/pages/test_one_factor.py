"""The second factor cannot be gone round: after the password alone a browser is nobody's, at every address (H24)."""

import re
from typing import Any

import pytest

from iam.http.dispatch import Route
from iam.secrets.minted import Kind
from tests.authenticators import Authenticator
from tests.harness import Reply, Server, made_up
from tests.http.walk import addresses
from tests.pages.conftest import Visitor, asking, kept, make_account
from tests.pages.factors import add_app, somebody_with_an_app, type_code, with_password
from tests.pages.passkeys import forms_of, make, one

OWN = "/login/factor"

# Where a browser, or who has stolen its cookie, may put the secret of a login that lacks a factor.
PLACES = {
    "its cookie": lambda secret: {"Cookie": f"iam_login={secret}"},
    "the session's cookie": lambda secret: {"Cookie": f"iam={secret}; iam_login={secret}"},
    "the cookie of other sessions": lambda secret: {"Cookie": f"iam_others={secret}; iam_login={secret}"},
    "the cookie of devices": lambda secret: {"Cookie": f"iam_devices={secret}; iam_login={secret}"},
    "a bearer token": lambda secret: {"Authorization": f"Bearer {secret}", "Cookie": f"iam_login={secret}"},
}


def told(reply: Reply, secret: str) -> tuple[object, ...]:
    """What an answer says, without what differs from one to the next."""
    text = re.sub(
        r'name="csrf_token" value="[^"]*"|data-options="[^"]*"',
        "",
        reply.anonymous if reply.body[:1] == b"<" else str(reply.body),
    )
    cookies = [cookie.partition("=")[0] for cookie in reply.headers.getRawHeaders("set-cookie") or []]
    location = re.sub(r"error_uri=[^&]*", "", reply.location)
    return reply.status, location, cookies, re.sub(r"errors/\w{12}", "", text).replace(secret, "")


async def everywhere(server: Server) -> list[tuple[str, str, Route]]:
    """Every address with a method of it, those of authorization requests with what a client asks for."""
    table, _ = await addresses(server)
    app = await server.app()
    query = asking(app).partition("?")[2]
    rows = [(method, path, route) for path, route in table for method in route.methods]
    asked = [(method, f"{path}?{query}", route) for method, path, route in rows if "/authorize" in path]
    silent = [(method, f"{path}&prompt=none", route) for method, path, route in asked]
    return [*rows, *asked, *silent]


@pytest.mark.parametrize("place", PLACES)
async def test_h24_no_address_knows_who_has_typed_the_password_alone(server: Server, admin: Any, place: str) -> None:
    rows = await everywhere(server)
    visitor, _ = await somebody_with_an_app(server)
    secret, nobody = str(visitor.login), made_up(Kind.PENDING_LOGIN)
    before = kept(admin)
    different = set()

    for method, path, _ in rows:
        if path.startswith(OWN):
            continue
        data = {} if method in ("POST", "PUT") else None
        one = await server.request(method, path, data=data, headers=PLACES[place](secret))
        other = await server.request(method, path, data=data, headers=PLACES[place](nobody))
        if told(one, secret) != told(other, nobody):
            different.add((method, path))

    assert len(rows) > 60
    assert different == set()
    assert kept(admin) == before


async def test_h24_the_pages_of_the_login_lead_only_to_a_factor(server: Server, admin: Any) -> None:
    rows = [(method, path) for method, path, _ in await everywhere(server) if path.startswith(OWN)]
    visitor, _ = await somebody_with_an_app(server)
    before = kept(admin)

    replies = {
        (method, path): await server.request(
            method, path, data={"code": "123456"} if method == "POST" else None, headers=visitor.headers
        )
        for method, path in rows
    }

    assert {"GET", "POST"} == {method for method, _ in replies}
    for reply in replies.values():
        assert reply.status in (200, 303, 403)
        assert not reply.location or reply.location.startswith(OWN)
    assert kept(admin) == before


async def test_h24_the_login_of_another_browser_is_of_no_use_without_its_cookie(server: Server) -> None:
    visitor, _ = await somebody_with_an_app(server)

    reply = await Visitor(server, visitor.cookie, devices=visitor.devices).get(OWN)

    assert reply.location == "/login?next=%2F"


# Where somebody who has a factor, and is logged in without it, is led to it first: a browser that is not asked, or a session
# that is older than the factor.
SENSITIVE = {
    *("/account/password", "/account/email", "/account/data/export", "/account/data/delete", "/account/tokens/new"),
    *("/account/security/app", "/account/security/app/remove", "/account/security/codes"),
    *("/account/security/passkeys/new", "/account/security/passkeys/offer"),
    *(f"/account/security/passkeys/<passkey_id>{ending}" for ending in ("", "/remove", "/use")),
    *(f"/applications/<client_id>/{what}" for what in ("secret", "delete", "tokens/new")),
}


async def test_h24_these_addresses_ask_for_the_factor_of_who_is_logged_in_without_it(server: Server) -> None:
    """The others are what a login by the password alone is for, in a browser that is not asked."""
    table, _ = await addresses(server)
    visitor = await without_the_factor(server)
    asking_for_it = set()

    for path, route in table:
        for method in route.methods:
            data = {} if method in ("POST", "PUT") else None
            reply = await server.request(method, path, data=data, headers=visitor.headers)
            if reply.location.startswith(f"{OWN}?step=up"):
                asking_for_it.add(route.path)

    assert asking_for_it == SENSITIVE


async def without_the_factor(server: Server) -> Visitor:
    user_id = await make_account(server, "ada", "ada@example.org")
    visitor = await with_password(server)
    await add_app(server, user_id)
    return visitor


async def test_h24_a_form_that_was_open_before_the_factor_was_missing_is_refused(server: Server, admin: Any) -> None:
    """Each form of these pages, as it was shown to a login of two factors, from one that has but one by now."""
    visitor, app = await somebody_with_an_app(server)
    await type_code(visitor, app.code(server.now()))
    await make(visitor, Authenticator(server.settings.origin))
    await server.person(superuser=True)  # so that this one, whose applications may act by themselves, can go
    admin.execute("update users set superuser = true")
    passkey, shop = (
        (await one(visitor)).rpartition("/")[2],
        (await visitor.register(scopes=["read"])).client_id,
    )
    paths = [path for path in sorted(SENSITIVE) if not path.endswith((">/remove", ">/use"))]
    pages = [await visitor.get(path.replace("<passkey_id>", passkey).replace("<client_id>", shop)) for path in paths]
    forms = [form for page in pages for form in forms_of(page)]
    admin.execute("update sessions set amr = '{pwd}'")
    before = everything(admin)

    replies = [await visitor.send(form) for form in forms]

    assert {path for path, page in zip(paths, pages, strict=True) if page.status != 200} == set()
    assert len(forms) >= len(SENSITIVE)
    for form, reply in zip(forms, replies, strict=True):
        assert reply.status == 403 or reply.location.startswith(f"{OWN}?step=up"), form.action
    assert everything(admin) == before


def everything(admin: Any) -> dict[str, list[str]]:
    """What forms change, the factors included."""
    found = kept(admin)
    for table in ("totp_secrets", "passkeys", "recovery_codes", "remembered_browsers", "personal_tokens", "links"):
        admin.execute(f"select {table}::text from {table} order by 1")
        found[table] = [row[0] for row in admin.fetchall()]
    return found
