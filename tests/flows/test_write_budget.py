"""Nobody fills the disk: what a person, a client or a network may write has a budget, and what changes nothing is not written."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from secrets import token_urlsafe
from typing import Any

import pytest

from iam.secrets.master_key import ServerKey
from tests.harness import REDIRECT_URI, Person, Server, TurnedClock, fields, serving
from tests.registering import METADATA, Registered, initial_access_token, register, send

MEGABYTE = 1 << 20
GRANTS = ("authorization_code", "client_credentials")


@pytest.fixture
def counted() -> tuple[str, ...]:
    """Limits unlike the defaults."""
    return ()


@pytest.fixture
def limited(
    database_dsn: str, key: ServerKey, tmp_path: Path, server: Server, counted: tuple[str, ...]
) -> Iterator[Server]:
    """A server whose budgets are counted."""
    told = {
        "no_rate_limits": False,
        "registration": "open",
        "connections_per_network": 1000,
        "application_grant": GRANTS,
        "limit": counted,
    }
    with serving(database_dsn, key, tmp_path, TurnedClock(), **told) as limited:
        yield limited


def application(form: dict[str, str], **members: str) -> dict[str, str]:
    sent = {"name": "Shop", "client_type": "confidential", "grant_types": "client_credentials", "scopes": "read"}
    return {**form, **sent, **members}


async def registered(server: Server, person: Person) -> str:
    """The address of an application that this person has registered on the page."""
    form = fields((await server.get("/applications/register", headers=person.headers)).text)
    reply = await saved(server, person, "/applications/register", application(form))
    assert reply.status == 303
    return reply.location


async def saved(server: Server, person: Person, path: str, form: dict[str, str]) -> Any:
    return await server.post(path, form, headers={**person.headers, "Origin": server.settings.origin})


def size(admin: Any) -> int:
    admin.execute("select pg_database_size(current_database())")
    return int(admin.fetchone()[0])


async def test_one_account_that_writes_as_fast_as_it_can_adds_less_than_five_megabytes_in_a_minute(
    limited: Server, admin: Any
) -> None:
    """By pages, forms and /register, with as much as fits into a body, and in the minute that the clock is turned by."""
    person = await limited.person()
    page = await registered(limited, person)
    form = fields((await limited.get(page + "/edit", headers=person.headers)).text)
    before, statuses = size(admin), []

    for second in range(60):
        for n in range(3):
            uris = "\n".join(f"https://shop.example/{token_urlsafe(900)}" for _ in range(40))
            sent = application(form, name=f"Shop {second} {n}", redirect_uris=uris, grant_types="authorization_code")
            statuses.append((await saved(limited, person, page + "/edit", sent)).status)
            form = fields((await limited.get(page + "/edit", headers=person.headers)).text)
            document = {**METADATA, "redirect_uris": [f"https://shop.example/{token_urlsafe(1200)}" for _ in range(36)]}
            statuses.append((await register(limited, None, document)).status)
        limited.clock.advance(1)

    assert statuses.count(429) > 250
    assert size(admin) - before < 5 * MEGABYTE


async def test_what_is_too_much_is_a_page_for_people_that_says_when_it_goes_on(limited: Server) -> None:
    person = await limited.person()
    page = await registered(limited, person)
    form = fields((await limited.get(page + "/edit", headers=person.headers)).text)

    replies = []
    for n in range(210):
        replies.append(await saved(limited, person, page + "/edit", application(form, name=f"Shop {n}")))
        form = fields((await limited.get(page + "/edit", headers=person.headers)).text)
    last = replies[-1]
    limited.clock.advance(int(last.header("retry-after") or 0) + 1)
    later = await saved(limited, person, page + "/edit", application(form, name="Later"))

    assert [reply.status for reply in replies[:190]] == [303] * 190
    assert (last.status, later.status) == (429, 303)
    assert "text/html" in (last.header("content-type") or "")
    assert 0 < int(last.header("retry-after") or 0) <= 6


async def test_another_account_of_the_same_network_goes_on(limited: Server) -> None:
    one, other = await limited.person(), await limited.person()
    for _ in range(210):
        await saved(limited, one, "/applications/register", {})

    assert await registered(limited, other)


async def test_a_client_that_changes_itself_all_the_time_is_told_when_it_may_again(limited: Server) -> None:
    told = (await register(limited, None)).json
    address, token = told["registration_client_uri"], told["registration_access_token"]

    replies = []
    for n in range(210):
        document = {**METADATA, "client_id": told["client_id"], "client_name": f"Photos {n}"}
        replies.append(await send(limited, "PUT", address, token, document))

    assert replies[0].status == 200
    assert (replies[-1].status, replies[-1].json["error"]) == (429, "temporarily_unavailable")
    assert int(replies[-1].header("retry-after") or 0) > 0


@pytest.mark.parametrize("counted", [("writes-per-network=5", "writes=4")])
async def test_strangers_of_its_network_hold_up_nobody_who_has_an_initial_access_token(
    limited: Server, counted: tuple[str, ...]
) -> None:
    token = await initial_access_token(limited)
    strangers = [await register(limited, None) for _ in range(8)]

    one = await register(limited, token)
    client = Registered(limited, one.json)
    changes = [await client.update(client_name="Store"), await client.delete()]

    assert {reply.status for reply in strangers[5:]} == {429}
    assert strangers[-1].json["error"] == "temporarily_unavailable"
    assert int(strangers[-1].header("retry-after") or 0) > 0
    assert [one.status, *(reply.status for reply in changes)] == [201, 200, 204]


@pytest.mark.parametrize("counted", [("writes=4",)])
async def test_an_initial_access_token_has_a_budget_of_its_own(limited: Server, counted: tuple[str, ...]) -> None:
    token, other = await initial_access_token(limited), await initial_access_token(limited)

    replies = [await register(limited, token) for _ in range(6)]
    beside = [await register(limited, other), await register(limited, None)]
    limited.clock.advance(int(replies[-1].header("retry-after") or 0))
    later = await register(limited, token)

    assert [reply.status for reply in replies] == [201] * 4 + [429] * 2
    assert replies[-1].json["error"] == "temporarily_unavailable"
    assert "initial access token" in replies[-1].json["error_description"]
    assert [reply.status for reply in (*beside, later)] == [201, 201, 201]


@pytest.mark.parametrize("counted", [("writes-per-network=8",)])
async def test_clients_of_strangers_pay_for_their_changes_from_the_budget_of_their_network(
    limited: Server, counted: tuple[str, ...]
) -> None:
    clients = [Registered(limited, (await register(limited, None)).json) for _ in range(4)]

    statuses = [(await client.update(client_name=f"Shop {n}")).status for n in range(2) for client in clients]
    last = await clients[0].delete()

    assert statuses == [200] * 4 + [429] * 4
    assert last.status == 429


async def test_what_authenticated_clients_do_at_the_token_endpoint_is_not_counted(limited: Server) -> None:
    app = await limited.app()

    replies = [await limited.token(app, grant_type="client_credentials") for _ in range(100)]

    assert {reply.status for reply in replies} == {200}


async def test_saving_what_is_so_already_writes_nothing_and_tells_nobody(server: Server, admin: Any) -> None:
    person = await server.person(superuser=True)
    page = await registered(server, person)
    form = fields((await server.get(page + "/edit", headers=person.headers)).text)
    await saved(server, person, page + "/edit", application(form, name="Store"))
    admin.execute("select xmin::text, updated_at from clients where id = %s", (page.rpartition("/")[2],))
    before, events = admin.fetchone(), await server.store.audit.events(kind="client.changed")
    server.clock.advance(5)

    again = await saved(server, person, page + "/edit", application(form, name="Store"))

    admin.execute("select xmin::text, updated_at from clients where id = %s", (page.rpartition("/")[2],))
    assert again.status == 303
    assert admin.fetchone() == before
    assert len(await server.store.audit.events(kind="client.changed")) == len(events) == 1


async def test_a_change_of_very_much_is_a_small_event(server: Server) -> None:
    token = await initial_access_token(server)
    told = (await register(server, token)).json
    uris = [f"{REDIRECT_URI}/{n}/{'x' * 1000}" for n in range(40)]
    document = {**METADATA, "client_id": told["client_id"], "redirect_uris": uris}

    reply = await send(server, "PUT", told["registration_client_uri"], told["registration_access_token"], document)

    assert reply.status == 200, reply.text
    event = (await server.store.audit.events(kind="client.changed"))[-1]
    assert len(json.dumps(event.detail)) < 2000
    assert event.detail["redirect_uris"][1].keys() == {"sha256", "length"}  # type: ignore[index]


async def test_an_hour_of_an_ordinary_person_is_never_too_much(limited: Server) -> None:
    """Consenting to fifteen applications, and coming back to all of them."""
    person = await limited.person()
    apps = [await limited.app() for _ in range(15)]

    for app in [*apps, *apps]:
        assert (await limited.authorize(app, person)).status in (302, 303)
        limited.clock.advance(timedelta(minutes=1).total_seconds())


@pytest.mark.parametrize("counted", [("writes-per-network=20",)])
async def test_who_is_logged_in_goes_on_while_strangers_of_the_same_network_send_forms(
    limited: Server, counted: tuple[str, ...]
) -> None:
    person, app = await limited.person(), await limited.app()
    flood = [(await limited.post("/logout", {}, headers={"Origin": limited.settings.origin})).status for _ in range(25)]

    reply = await limited.authorize(app, person)

    assert 429 in flood
    assert reply.status in (302, 303)


@pytest.mark.parametrize("counted", [("writes-per-network=20",)])
async def test_an_office_behind_one_address_goes_to_its_applications_at_nine(
    limited: Server, counted: tuple[str, ...]
) -> None:
    app = await limited.app()

    statuses = [(await limited.authorize(app, await limited.person())).status for _ in range(30)]

    assert 429 not in statuses
