"""A person's data: what they take along, and the deletion of their account with a week to change their mind."""

import json
from datetime import timedelta
from typing import Any

import pytest

from iam.operations.retention import tasks
from iam.records.actor import SERVER
from iam.secrets import minted
from iam.settings import DAY
from iam.store.roles import Holder
from tests.flows.test_personal_tokens import personal_token
from tests.harness import Server
from tests.pages.accounts import log_in
from tests.pages.conftest import Visitor, kept, visitor_of
from tests.pages.test_own_sessions import FIREFOX, ada_in_two, browser

PATH = "/account/data"
EXPORT, DELETE, KEEP = f"{PATH}/export", f"{PATH}/delete", f"{PATH}/keep"
WEEK = 7 * DAY

IN_THE_FILE = {
    "audit_events": "activity",
    "clients": "applications",
    "consents": "allowed_applications",
    "group_members": "groups",
    "passkeys": "second_factors",
    "personal_tokens": "access_tokens",
    "remembered_browsers": "remembered_browsers",
    "role_grants": "roles",
    "sessions": "sessions",
    "totp_secrets": "second_factors",
}
NOT_IN_THE_FILE = {
    "grants": "what consents and tokens have led to",
    "links": "secrets; that they were made is an event",
    "logout_notices": "gone in minutes",
    "outbox": "what was mailed; gone in days",
    "passkey_offers": "only whether a question is asked again",
    "pending_logins": "gone in minutes",
    "recovery_codes": "secrets",
    "refusals": "of applications; gone in a day",
    "refused_logins": "gone in a day",
}


async def press(visitor: Visitor, path: str) -> Any:
    return await visitor.send(await visitor.form(path))


async def sweep(server: Server) -> None:
    """What retention does about accounts."""
    (task,) = [task for task in tasks(server.store, server.keys) if task.name == "accounts to delete"]
    while await task.step(server.now()):
        pass


async def exists(server: Server, username: str) -> bool:
    return await server.store.users.by_username(username) is not None


async def test_the_file_has_all_that_is_known_of_the_person(server: Server) -> None:
    person = await server.person("ada", name="Ada", email="ada@example.org", claims={"locale": "en"})
    app = await server.app()
    await server.tokens(app, person, scope="read")
    await personal_token(server, person)
    own = await visitor_of(server, person).register()

    reply = await press(visitor_of(server, person), EXPORT)

    assert reply.header("content-disposition") == 'attachment; filename="account.json"'
    told = reply.json
    assert told["account"]["username"] == "ada"
    assert told["account"]["claims"] == {"locale": "en"}
    assert [each["client_id"] for each in told["allowed_applications"]] == [app.client_id]
    assert [each["client_id"] for each in told["applications"]] == [own.client_id]
    assert [each["name"] for each in told["access_tokens"]] == ["backup"]
    assert len(told["sessions"]) == 1
    assert {"user.created", "consent.given", "client.created", "user.exported"} <= {
        each["kind"] for each in told["activity"]
    }


async def test_the_file_has_browsers_that_are_remembered_and_groups_and_roles(server: Server) -> None:
    ada, bob = await server.person("ada"), await server.person("bob")
    now, staff = server.now(), minted.identifier()
    await server.store.groups.create(staff, "staff", "staff", "", now, SERVER)
    await server.store.groups.add(staff, ada.user_id, now, SERVER)
    await server.store.roles.grant("auditor", None, Holder(user_id=ada.user_id), now, SERVER)
    await server.store.roles.grant("support", None, Holder(group_id=staff), now, SERVER)
    await server.store.roles.grant("developer", None, Holder(user_id=bob.user_id), now, SERVER)
    until = now + timedelta(days=30)
    await server.store.remembered_browsers.remember(
        digest=bytes(32),
        browser_id=staff,
        user_id=ada.user_id,
        user_agent=FIREFOX,
        since=now,
        until=until,
        now=now,
        by=SERVER,
    )

    told = (await press(visitor_of(server, ada), EXPORT)).json

    assert told["groups"] == ["staff"]
    assert told["roles"] == [
        {"role": "auditor", "client_id": None, "group": None},
        {"role": "support", "client_id": None, "group": "staff"},
    ]
    assert [(each["browser"], each["until"]) for each in told["remembered_browsers"]] == [(FIREFOX, until.isoformat())]


async def test_of_every_table_about_people_it_is_known_what_of_it_is_in_the_file(admin: Any) -> None:
    admin.execute(
        "select distinct c.table_name from information_schema.columns c join information_schema.tables t"
        " using (table_schema, table_name) where c.column_name in ('user_id', 'owner_id', 'subject')"
        " and t.table_type = 'BASE TABLE' and c.table_schema = 'public' and c.table_name !~ '_[0-9]{4,}|_default$'"
    )

    assert {name for (name,) in admin.fetchall()} == {*IN_THE_FILE, *NOT_IN_THE_FILE}


async def test_the_file_has_no_secret_and_nothing_of_others(server: Server, admin: Any) -> None:
    ada, bob = await server.person("ada"), await server.person("bob", email="bob@example.org")
    app = await server.app()
    tokens = await server.tokens(app, ada, scope="read")
    own = await personal_token(server, ada)
    admin.execute("update users set password_hash = 'a hash' where username = 'ada'")

    text = (await press(visitor_of(server, ada), EXPORT)).text

    secrets = (*tokens.values(), own.text, str(app.secret), ada.cookie, "a hash")
    assert not [secret for secret in secrets if len(str(secret)) > 6 and str(secret) in text and secret != "Bearer"]
    assert not [theirs for theirs in ("bob", str(bob.user_id)) if theirs in text]
    json.loads(text)


async def test_export_and_deletion_want_a_recent_login(server: Server, admin: Any) -> None:
    visitor = visitor_of(server, await server.person())
    forms = [await visitor.form(path) for path in (EXPORT, DELETE)]
    server.clock.advance(601)
    before = kept(admin)

    shown = [await visitor.get(path) for path in (EXPORT, DELETE)]
    sent = [await visitor.send(form) for form in forms]

    assert [reply.location.partition("&")[0] for reply in shown] == ["/login?login=again"] * 2
    assert [reply.location for reply in sent] == [reply.location for reply in shown]
    assert kept(admin) == before


async def test_the_deletion_ends_everything_else_at_once_and_the_account_a_week_later(server: Server) -> None:
    firefox, phone = await ada_in_two(server)

    reply = await press(firefox, DELETE)

    assert (reply.status, reply.location) == (303, PATH)
    assert "Your account will be deleted" in (await firefox.get(PATH)).text
    assert (await phone.get("/account")).status == 303
    server.clock.advance(WEEK - 1)
    await sweep(server)
    assert await exists(server, "ada")
    server.clock.advance(1)
    await sweep(server)
    assert not await exists(server, "ada")
    (event,) = await server.store.audit.events(kind="user.deleted")
    assert event.actor == "server"


async def test_what_the_person_granted_ends_at_once(server: Server) -> None:
    person, app = await server.person(), await server.app(introspect_any=True)
    tokens, own = await server.tokens(app, person, scope="read"), await personal_token(server, person)
    server.clock.advance(1)

    await press(visitor_of(server, person), DELETE)

    assert await server.introspect(app, tokens["access_token"]) == {"active": False}
    assert (await server.get("/resource", headers={"Authorization": f"Bearer {own.text}"})).status == 401


async def test_the_person_is_told_by_mail_and_it_is_written_down(server: Server, admin: Any) -> None:
    firefox, _ = await ada_in_two(server)

    await press(firefox, DELETE)

    admin.execute("select recipient, (detail ->> 'until')::timestamptz from outbox where template = 'account_deletion'")
    ((recipient, until),) = admin.fetchall()
    (event,) = await server.store.audit.events(kind="user.deletion_planned")
    assert recipient == "ada@example.org"
    assert (until - event.at).total_seconds() == WEEK
    assert event.actor == f"user {event.subject}"


async def test_a_login_within_the_week_asks_whether_to_keep_the_account(server: Server) -> None:
    firefox, _ = await ada_in_two(server)
    await press(firefox, DELETE)
    other = Visitor(server)

    reply = await log_in(other, "ada", "/login?next=%2Fapplications")
    assert reply.location == f"{KEEP}?next=%2Fapplications"
    reply = await other.send(await other.form(reply.location))

    assert (reply.status, reply.location) == (303, "/applications")
    server.clock.advance(WEEK)
    await sweep(server)
    assert await exists(server, "ada")
    assert len(await server.store.audit.events(kind="user.deletion_cancelled")) == 1


async def test_the_page_of_ones_data_keeps_the_account_too(server: Server) -> None:
    firefox, _ = await ada_in_two(server)
    await press(firefox, DELETE)

    await firefox.send(await firefox.form(PATH))

    assert "Your account will be deleted" not in (await firefox.get(PATH)).text


async def test_who_keeps_an_account_that_stays_anyway_is_led_on(server: Server, admin: Any) -> None:
    visitor = visitor_of(server, await server.person())
    before = kept(admin)

    reply = await visitor.get(f"{KEEP}?next=%2Fapplications")

    assert (reply.status, reply.location) == (303, "/applications")
    assert kept(admin) == before


async def test_the_last_administrator_stays(server: Server, admin: Any) -> None:
    root, ada = await server.person(superuser=True), await server.person()
    visitor = visitor_of(server, root)
    admin.execute("update users set superuser = true where id = %s", (ada.user_id,))
    form = await visitor.form(DELETE)
    admin.execute("update users set superuser = false where id = %s", (ada.user_id,))
    before = kept(admin)

    shown, sent = await visitor.get(DELETE), await visitor.send(form)

    assert "You are the last administrator here" in shown.text
    assert "You are the last administrator here" in sent.text
    assert kept(admin) == before


async def test_an_administrator_who_became_the_last_one_meanwhile_stays_until_there_is_another(
    server: Server, admin: Any
) -> None:
    root, ada = await server.person("root", superuser=True), await server.person(superuser=True)
    await press(visitor_of(server, root), DELETE)
    admin.execute("update users set superuser = false where id = %s", (ada.user_id,))
    server.clock.advance(WEEK)
    await sweep(server)
    assert await exists(server, "root")
    admin.execute("update users set superuser = true where id = %s", (ada.user_id,))

    await sweep(server)

    assert not await exists(server, "root")


async def test_applications_that_would_lose_their_owner_are_named_and_one_more_is_shown_first(server: Server) -> None:
    person = await server.person()
    visitor = visitor_of(server, person)
    await visitor.register(name="Shop")
    form = await visitor.form(DELETE)
    await visitor.register(name="Bakery")

    reply = await visitor.send(form)

    assert reply.status == 409
    assert "<bdi>Bakery</bdi>" in reply.text
    assert "<bdi>Shop</bdi>" in reply.text
    assert await server.store.deletions.planned(person.user_id) is None


@pytest.mark.parametrize("path", [EXPORT, DELETE, KEEP])
async def test_forms_of_another_account_do_nothing(server: Server, admin: Any, path: str) -> None:
    ada, bob = await server.person(), await server.person()
    if path == KEEP:
        await press(visitor_of(server, ada), DELETE)
    form = await visitor_of(server, ada).form(path)
    before = kept(admin)

    reply = await visitor_of(server, bob).send(form)

    assert reply.status == (303 if path == KEEP else 403)
    assert kept(admin) == before


async def test_a_new_account_of_the_same_name_has_nothing_of_the_old_one(server: Server) -> None:
    firefox, _ = await ada_in_two(server)
    old = await server.store.users.by_username("ada")
    await press(firefox, DELETE)
    server.clock.advance(WEEK)
    await sweep(server)

    new, _ = await ada_in_two(server)

    found = await server.store.users.by_username("ada")
    assert found is not None
    assert old is not None
    assert found.id != old.id
    assert "You have not allowed any application" in (await new.get("/account/applications")).text
    assert (await browser(server, "ada", FIREFOX)).cookie
