"""The second factor cannot be gone round: after the password alone a browser is nobody's, at every address (H24)."""

import re
from typing import Any

import pytest

from iam.http.dispatch import Route
from iam.secrets.minted import Kind
from tests.harness import Reply, Server, made_up
from tests.http.walk import addresses
from tests.pages.conftest import Visitor, asking, kept
from tests.pages.factors import somebody_with_an_app

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
