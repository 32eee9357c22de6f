"""What was done here is written down once, with what it did, and stays (H29, H39)."""

from datetime import timedelta
from typing import Any

import psycopg2
import pytest
from attrs import evolve

from iam.records import actor
from iam.records.actor import COMMAND_LINE, SERVER, written
from iam.records.audit import Event
from iam.records.client_metadata import Metadata
from iam.secrets import minted
from iam.secrets.minted import Kind
from tests.harness import REDIRECT_URI, Server, fields

METADATA = Metadata("Shop", "client_secret_basic", ("client_credentials",), (REDIRECT_URI,), ("read",))


@pytest.fixture
def events(server: Server, admin: Any) -> Any:
    """What was written since it was asked last."""

    async def asked() -> list[Event]:
        found = await server.store.audit.events()
        admin.execute("truncate audit_events")
        return found

    return asked


async def test_consent_is_written_once_and_again_where_it_is_wider(server: Server, events: Any) -> None:
    app, person = await server.app(), await server.person()
    await events()

    await server.authorize(app, person, scope="read")
    (first,) = await events()
    await server.authorize(app, person, scope="read")
    again = await events()
    await server.authorize(app, person, scope="read write")
    (wider,) = await events()

    assert (first.kind, first.actor, first.subject) == ("consent.given", f"user {person.user_id}", str(person.user_id))
    assert (first.client, first.address, first.detail) == (app.client_id, "127.0.0.1", {"scope": "read"})
    assert again == []
    assert wider.detail == {"scope": "read write"}


async def test_what_goes_well_at_the_token_endpoint_is_no_event(server: Server, events: Any) -> None:
    app, person = await server.app(), await server.person()
    code = await server.code(app, person)
    await events()

    tokens = (await server.redeem(app, code)).json
    await server.refresh(app, tokens["refresh_token"])
    await server.token(app, grant_type="client_credentials")
    await server.introspect(app, tokens["access_token"])

    assert await events() == []


async def test_a_code_that_comes_again_is_one_event(server: Server, events: Any) -> None:
    app, person = await server.app(), await server.person()
    code = await server.code(app, person)
    await server.redeem(app, code)
    await events()

    for _ in range(3):
        assert (await server.redeem(app, code)).status == 400

    (event,) = await events()
    assert (event.kind, event.actor, event.client) == ("code.replayed", f"client {app.client_id}", app.client_id)
    assert (event.subject, event.address) == (str(person.user_id), "127.0.0.1")


async def test_a_refresh_token_that_comes_again_is_one_event(server: Server, events: Any) -> None:
    app, person = await server.app(), await server.person()
    old = (await server.tokens(app, person))["refresh_token"]
    new = (await server.refresh(app, old)).json["refresh_token"]
    await server.refresh(app, new)
    server.clock.advance(server.settings.refresh_token_retry_window + 1)
    await events()

    for _ in range(3):
        assert (await server.refresh(app, old)).status == 400

    (event,) = await events()
    assert (event.kind, event.subject) == ("refresh_token.reused", str(person.user_id))
    assert event.detail.keys() == {"grant"}


@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
async def test_a_token_that_is_revoked_is_one_event(server: Server, events: Any, kind: str) -> None:
    app, person = await server.app(), await server.person()
    token = (await server.tokens(app, person))[kind]
    await events()

    for _ in range(2):
        assert (await server.post("/revoke", {**app.form, "token": token})).status == 200
    await server.post("/revoke", {**(await server.app()).form, "token": token})

    found = [event for event in await events() if event.kind == "token.revoked"]
    assert [(event.actor, event.subject) for event in found] == [(f"client {app.client_id}", str(person.user_id))]


async def test_a_clients_own_token_that_is_revoked_is_one_event(server: Server, events: Any) -> None:
    app = await server.app()
    token = (await server.token(app, grant_type="client_credentials")).json["access_token"]
    await events()

    for _ in range(2):
        await server.post("/revoke", {**app.form, "token": token})

    (event,) = await events()
    assert (event.kind, event.subject, event.client) == ("token.revoked", None, app.client_id)


async def test_the_life_of_a_client_is_an_event_for_each_step(server: Server, events: Any) -> None:
    clients, now = server.store.clients, server.now()
    by = actor.person(minted.identifier(), "2001:db8::1%eth0")

    async def create() -> bool:
        grant_id = minted.identifier()
        return await clients.create("shop", METADATA, owner_id=None, grant_id=grant_id, secret=None, now=now, by=by)

    async def rotate() -> bool:
        client = await clients.read("shop")
        assert client is not None
        return await server.registration.rotate_secret(client, minted.mint(Kind.CLIENT_SECRET), by)

    steps = {
        "client.created": create,
        "client.changed": lambda: clients.update("shop", evolve(METADATA, name="Store"), now, by),
        "client.secret_rotated": rotate,
        "client.disabled": lambda: clients.set_disabled("shop", now, by, disabled=True),
        "client.enabled": lambda: clients.set_disabled("shop", now, by, disabled=False),
        "client.deleted": lambda: clients.delete("shop", now, by),
    }

    for kind, step in steps.items():
        assert await step()
        (event,) = await events()
        assert (event.kind, event.client, event.actor, event.address) == (kind, "shop", by.actor, "2001:db8::1")
        assert kind != "client.changed" or event.detail == {"name": ["Shop", "Store"]}


async def test_the_life_of_a_person_is_an_event_for_each_step(server: Server, events: Any) -> None:
    users, now = server.store.users, server.now()
    person = await server.person("ada")
    (created, begun) = await events()
    user_id = person.user_id
    profile = {"email": None, "email_key": None, "email_verified": False, "name": "Ada", "claims": {}, "now": now}

    steps = {
        "user.changed": lambda: users.update(user_id, **profile, by=COMMAND_LINE),
        "user.password_changed": lambda: users.set_password(user_id, "hash", now, COMMAND_LINE),
        "user.disabled": lambda: users.disable(user_id, now, COMMAND_LINE),
        "user.enabled": lambda: users.enable(user_id, now, COMMAND_LINE),
        "user.deleted": lambda: users.delete(user_id, now, COMMAND_LINE),
    }

    assert (created.kind, created.subject, begun.kind) == ("user.created", str(user_id), "session.begun")
    details = {}
    for kind, step in steps.items():
        assert await step()
        (event,) = await events()
        assert (event.kind, event.subject, event.actor) == (kind, str(user_id), "command line")
        details[kind] = event.detail
    assert details["user.changed"] == {"changed": ["name"]}
    assert details["user.password_changed"] == {"sessions_ended": 1}


async def test_a_session_is_an_event_when_it_begins_and_when_it_ends(server: Server, events: Any) -> None:
    person = await server.person()
    begun = (await events())[-1]
    form = fields((await server.get("/logout", headers=person.headers)).text)

    await server.post("/logout", form, headers={**person.headers, "Origin": server.settings.origin})

    (ended,) = await events()
    assert (begun.kind, ended.kind) == ("session.begun", "session.ended")
    assert ended.detail["session"] == begun.detail["session"]
    assert (ended.actor, ended.address) == (f"user {person.user_id}", "127.0.0.1")


async def test_who_changes_an_application_on_its_page_is_written(server: Server, events: Any) -> None:
    person = await server.person(superuser=True)
    await events()
    form = fields((await server.get("/applications/register", headers=person.headers)).text)
    sent = {
        **form,
        "name": "Shop",
        "client_type": "confidential",
        "grant_types": "client_credentials",
        "scopes": "read",
    }

    reply = await server.post(
        "/applications/register", sent, headers={**person.headers, "Origin": server.settings.origin}
    )

    (event,) = await events()
    assert reply.status == 303
    assert (event.kind, event.actor, event.address) == ("client.created", f"user {person.user_id}", "127.0.0.1")


async def test_what_an_administrator_ends_is_one_event(server: Server, events: Any) -> None:
    app, person, now = await server.app(), await server.person(), server.now()
    await server.tokens(app, person)
    grants = server.store.grants
    (grant,) = await grants.living(now, user_id=person.user_id)
    await events()

    found = []
    for step in (
        lambda: grants.revoke(grant.id, minted.identifier(), now, COMMAND_LINE),
        lambda: grants.revoke_of_user(person.user_id, now, COMMAND_LINE),
        lambda: grants.revoke_of_client(app.client_id, now, COMMAND_LINE),
        lambda: grants.revoke_all(now, COMMAND_LINE),
    ):
        await step()
        found += await events()

    assert [(event.kind, event.subject, event.client) for event in found] == [
        ("grant.revoked", str(person.user_id), app.client_id),
        ("grants.revoked", str(person.user_id), None),
        ("grants.revoked", None, app.client_id),
        ("grants.revoked", None, None),
    ]


async def test_nothing_that_failed_is_an_event(server: Server, events: Any) -> None:
    now = server.now()
    await events()

    assert not await server.store.clients.delete("nobody", now, by=SERVER)
    assert not await server.store.users.disable(minted.identifier(), now, by=SERVER)
    assert not await server.store.sessions.revoke(minted.identifier(), now, by=SERVER)
    assert not await server.store.grants.revoke(minted.identifier(), minted.identifier(), now, by=SERVER)

    assert await events() == []


@pytest.mark.parametrize(
    "change",
    [
        "delete from audit_events",
        "update audit_events set actor = 'somebody else'",
        "update audit_events set address = '203.0.113.9'",
        "update audit_events set detail = '{}'",
    ],
)
async def test_what_is_written_stays(server: Server, admin: Any, change: str) -> None:
    await server.person()
    by = actor.person(minted.identifier(), "192.0.2.1")
    await server.store.clients.create(
        "shop", METADATA, owner_id=None, grant_id=minted.identifier(), secret=None, now=server.now(), by=by
    )

    with pytest.raises(psycopg2.IntegrityError, match="never changed"):
        admin.execute(change)


async def test_h39_after_a_month_only_the_network_is_left_of_an_address(server: Server) -> None:
    for address in ("192.0.2.77", "2001:db8:1:2::3"):
        person = minted.identifier()
        await server.store.clients.create(
            address,
            METADATA,
            owner_id=None,
            grant_id=person,
            secret=None,
            now=server.now(),
            by=actor.person(person, address),
        )

    early = await server.store.audit.shorten(server.now() - timedelta(days=30))
    late = await server.store.audit.shorten(server.now() + timedelta(seconds=1))

    events = await server.store.audit.events()
    assert (early, late >= 2) == (0, True)
    assert {event.address for event in events if event.kind == "client.created"} == {"192.0.2.0", "2001:db8:1::"}


@pytest.mark.parametrize("address", [None, "", "unix", "192.0.2.1:80", "1.2.3", "x" * 999])
def test_what_is_no_address_is_none(address: str | None) -> None:
    assert written(address) is None


async def test_what_is_refused_is_counted_by_minute_network_and_kind(server: Server, events: Any) -> None:
    app, person = await server.app(), await server.person()
    counts = server.store.refused_counts
    await events()

    for _ in range(3):
        await server.token(evolve(app, secret=minted.mint(Kind.CLIENT_SECRET)), grant_type="client_credentials")
    await server.authorize(app, person, decision="deny")
    await counts.flush()

    found = {event.kind: event for event in await events()}
    assert set(found) == {"client_authentication.refused", "consent.refused"}
    assert found["client_authentication.refused"].detail == {"count": 3}
    assert (found["consent.refused"].address, found["consent.refused"].actor) == ("127.0.0.1", "anybody")


async def test_refusals_of_many_networks_are_few_rows_and_few_counts(server: Server, events: Any) -> None:
    counts = server.store.refused_counts
    await events()

    for n in range(5000):
        counts.add("login.refused", f"10.0.{n // 256}.{n % 256}")
    held = len(counts._counts)
    await counts.flush()

    found = await events()
    assert held <= 1001
    assert len(found) == 51
    assert sum(event.detail["count"] for event in found) == 5000
