"""A login that nobody can guess at, and no network can close (H14, H15)."""

import re
from typing import Any

import pytest
from twisted.internet.defer import Deferred, gatherResults

from iam.browser import cookies
from tests.harness import Reply, Server
from tests.pages.conftest import PASSWORD, Visitor, asking, make_account
from tests.pages.form import form_of

HOME, ELSEWHERE = "192.0.2.1", "198.51.100.1"


async def flood(server: Server, times: int, address: str = ELSEWHERE, **fields: str) -> list[Reply]:
    """So many wrong passwords at the same moment, by one form."""
    visitor = Visitor(server, address=address)
    form = await visitor.form("/login")
    filled = form.filled({"login": "ada", "password": "wrong", **fields})
    sent = [server.post(form.action, filled, headers=visitor.headers) for _ in range(times)]
    return await gatherResults([Deferred.fromCoroutine(one) for one in sent])


async def log_in(visitor: Visitor, **fields: str) -> Reply:
    return await visitor.send(await visitor.form("/login"), **{"login": "ada", "password": PASSWORD, **fields})


async def test_i12_of_two_hundred_guesses_at_two_servers_and_after_a_restart_ten_are_tested(
    server: Server, several_limited: tuple[Server, ...]
) -> None:
    await make_account(server, "ada")
    *servers, started_again = several_limited

    replies = [reply for one in servers for reply in await flood(one, 70)]
    replies += await flood(started_again, 60)

    statuses = [reply.status for reply in replies]
    assert statuses.count(400) <= 10
    assert statuses.count(400) + statuses.count(429) + statuses.count(503) == 200


async def test_what_goes_on_without_a_password_gives_nobody_their_guesses_back(limited: Server) -> None:
    app, owner = await limited.app(), await limited.person(username="ada")
    tokens = await limited.tokens(app, owner)
    guesser = Visitor(limited, address=ELSEWHERE)
    form = await guesser.form("/login")
    statuses = [(await guesser.send(form, login="ada", password="wrong")).status for _ in range(9)]

    refreshed = await limited.refresh(app, tokens["refresh_token"])
    silent = await Visitor(limited, owner.cookie).get(asking(app, prompt="none"))
    statuses += [(await guesser.send(form, login="ada", password="wrong")).status for _ in range(2)]

    assert (refreshed.status, "code" in silent.sent_back) == (200, True)
    assert statuses == [400] * 10 + [429]


async def test_who_has_to_wait_gets_the_form_again_with_what_was_typed_and_when(
    server: Server, limited: Server
) -> None:
    await make_account(server, "ada")
    await flood(limited, 8, HOME)
    await flood(limited, 8, HOME)

    visitor = Visitor(limited, address=HOME)
    form = await visitor.form("/login?next=%2Fapplications")
    reply = await visitor.send(form, login="ada", password="hunter2hunter2", remember="y")

    again = form_of(reply.text)
    assert reply.status == 429
    assert 1 <= int(reply.header("retry-after") or "0") <= 120
    assert "There were too many attempts to log in. Wait " in reply.text
    assert (again.value("login"), again.value("remember")) == ("ada", "y")
    assert again.action == "/login?next=/applications"
    assert "hunter2hunter2" not in reply.text


async def test_who_waits_so_long_gets_in(server: Server, limited: Server) -> None:
    await make_account(server, "ada")
    for _ in range(2):
        await flood(limited, 8, HOME)
    visitor = Visitor(limited, address=HOME)
    refused = await log_in(visitor)

    server.clock.advance(int(refused.header("retry-after") or "0"))
    reply = await visitor.send(form_of(refused.text), login="ada", password=PASSWORD)

    assert (refused.status, reply.status) == (429, 303)


async def test_h15_a_name_that_nobody_has_is_held_up_with_the_same_words(server: Server, limited: Server) -> None:
    await make_account(server, "ada")
    pages = {}
    for name, address in {"ada": HOME, "eve": ELSEWHERE}.items():
        for _ in range(2):
            await flood(limited, 8, address, login=name)
        reply = (await flood(limited, 1, address, login=name))[0]
        assert reply.status == 429
        token = form_of(reply.text).value("csrf_token")
        wait = reply.header("retry-after") or ""
        said = re.sub(r'Wait \d+ (seconds|minutes)|data-options="[^"]*"', "", reply.text)
        pages[name] = said.replace(token, "").replace(f'value="{name}"', "")
        assert 100 <= int(wait) <= 120

    assert pages["ada"] == pages["eve"]


async def test_the_owners_browser_gets_in_while_strangers_try(server: Server, limited: Server) -> None:
    await make_account(server, "ada")
    owner = Visitor(limited, address=HOME)
    assert (await log_in(owner)).status == 303
    owner.cookie = None  # logged out, or the browser was closed
    for address in (ELSEWHERE, HOME, "203.0.113.1"):
        await flood(limited, 20, address)

    stranger = await log_in(Visitor(limited, address="203.0.113.2"))
    again = await log_in(owner)

    assert (stranger.status, again.status) == (429, 303)


async def test_the_cookie_of_a_browser_is_no_session_and_for_http_alone(server: Server, visitor: Visitor) -> None:
    await make_account(server, "ada")

    reply = await log_in(visitor)

    given = [value for value in reply.headers.getRawHeaders("set-cookie") if value.startswith("iam_devices=")]
    assert given[0].split("; ")[1:] == [f"Path={server.settings.path}/", "HttpOnly", "SameSite=Lax", "Max-Age=31536000"]
    assert (await Visitor(server, devices=visitor.devices).get("/applications")).location.startswith("/login")
    assert (await Visitor(server, visitor.devices).get("/applications")).location.startswith("/login")


@pytest.mark.parametrize(
    ("issuer", "name"),
    [("https://iam.example", "__Host-iam-devices"), ("https://iam.example/o", "__Secure-iam-devices")],
)
async def test_with_https_no_other_host_can_set_it(server: Server, issuer: str, name: str) -> None:
    settings = server.settings.model_copy(update={"issuer": issuer})

    _, header = cookies.set_devices(settings, ["value"])

    assert header.decode().startswith(f"{name}=value; ")
    assert "; Secure" in header.decode()


async def test_a_browser_remembers_each_account_that_has_logged_in_there(server: Server, visitor: Visitor) -> None:
    for name in ("ada", "bob"):
        await make_account(server, name)

    for name in ("ada", "bob", "ada"):
        visitor.cookie = None
        await log_in(visitor, login=name)

    assert len((visitor.devices or "").split(".")) == 2


async def test_a_doubtful_cookie_holds_nobody_up(server: Server, limited: Server) -> None:
    await make_account(server, "ada")

    for devices in ("x", ".", "x" * 3000, "\\", "a.b.c.d.e.f.g.h.i"):
        assert (await log_in(Visitor(limited, devices=devices, address=HOME))).status == 303


async def test_without_limits_nobody_waits(server: Server) -> None:
    await make_account(server, "ada")

    replies = [reply for _ in range(3) for reply in await flood(server, 20)]

    assert 429 not in {reply.status for reply in replies}


async def test_others_log_in_while_one_network_floods(server: Server, limited: Server) -> None:
    for name in ("ada", "bob"):
        await make_account(server, name)
    flooding = gatherResults([Deferred.fromCoroutine(flood(limited, 60))])

    replies: list[Any] = [await log_in(Visitor(limited, address=HOME), login="bob") for _ in range(5)]
    await flooding

    assert [reply.status for reply in replies] == [303] * 5


@pytest.mark.parametrize("limits", [("writes-per-network=5",)])
async def test_forms_of_the_same_network_do_not_hold_up_a_login(server: Server, limited: Server) -> None:
    await make_account(server, "ada")
    visitor = Visitor(limited, address=HOME)
    form = await visitor.form("/login")
    flood = [limited.post("/logout", {}, headers=visitor.headers) for _ in range(20)]
    statuses = {reply.status for reply in await gatherResults([Deferred.fromCoroutine(one) for one in flood])}

    reply = await visitor.send(form, login="ada", password=PASSWORD)

    assert 429 in statuses
    assert reply.status == 303
