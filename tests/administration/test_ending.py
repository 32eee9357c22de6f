"""What ends with somebody or something is told soon, however much it is."""

from typing import Any

import pytest

from iam.administration import clients, grants, groups, people, resources, scopes
from iam.administration.administration import Administration
from iam.administration.ending import LOOKED
from iam.administration.losses import KNOWN, MOST, Losses, count
from iam.administration.resources import Terms
from iam.records.actor import SERVER
from tests.harness import Server

# Grants of somebody to an application.
GIVEN = """
with consented as (
    insert into consents (user_id, client_id, scopes, granted_at, resources)
    values (%(user_id)s, %(client_id)s, '{read}', now(), '{"": ["read"], "https://api.example": ["read"]}')
    on conflict do nothing
)
insert into grants (id, user_id, client_id, grant_type, scope, created_at, resources)
select gen_random_uuid(), %(user_id)s, %(client_id)s, 'authorization_code', 'read', now(), %(resources)s
from generate_series(1, %(count)s)
"""
MEMBERS = """
with born as (
    insert into users (id, username, username_key, created_at, updated_at)
    select gen_random_uuid(), 'member' || n, 'member' || n, now(), now() from generate_series(1, %(count)s) n returning id
)
insert into group_members (group_id, user_id, since) select %(group_id)s, id, now() from born
"""


def items(losses: Losses | None) -> list[str]:
    """What is lost, in all sections."""
    assert losses is not None
    return [item for section in losses.sections for item in section.items]


@pytest.mark.parametrize(
    ("number", "told"),
    [(KNOWN, f"{KNOWN} grants"), (KNOWN + 1, f"{KNOWN + 1} grants"), (MOST + 7, "more than 1,000 grants")],
)
async def test_of_many_grants_it_is_said_how_many_they_are(
    on: Administration, server: Server, admin: Any, number: int, told: str
) -> None:
    app, person = await server.app(grant_types=("authorization_code",), scopes=("read",)), await server.person()
    admin.execute(GIVEN, {"user_id": str(person.user_id), "client_id": app.client_id, "count": number, "resources": []})
    others = " and others" if number > KNOWN else ""

    of_client = [f"{told}: {person.username}{others}"]
    of_person = [f"{told}: Test application{others}"]

    assert items(await clients.count_losses_of_disabling(on, app.client_id)) == of_client
    assert items(await grants.count_losses_of_client(on, app.client_id)) == of_client
    assert items(await people.count_losses_of_disabling(on, person.username))[1:] == of_person


async def test_what_is_dead_already_is_not_counted(on: Administration, server: Server, admin: Any) -> None:
    app, person = await server.app(grant_types=("authorization_code",), scopes=("read",)), await server.person()
    admin.execute(GIVEN, {"user_id": str(person.user_id), "client_id": app.client_id, "count": MOST, "resources": []})
    await clients.disable(on, app.client_id, SERVER)
    disabled = await clients.count_losses_of_disabling(on, app.client_id)
    await clients.enable(on, app.client_id, SERVER)

    enabled = await clients.count_losses_of_disabling(on, app.client_id)

    assert items(disabled) == items(enabled) == ["nothing that is in use"]


async def test_who_uses_a_scope_or_a_resource_is_looked_for_among_the_latest_grants(
    on: Administration, server: Server, admin: Any
) -> None:
    app, person = await server.app(grant_types=("authorization_code",), scopes=("read",)), await server.person()
    await resources.create(on, "https://api.example", Terms(), SERVER)
    told = {"user_id": str(person.user_id), "client_id": app.client_id, "resources": ["https://api.example"]}
    admin.execute(GIVEN, {**told, "count": LOOKED + 1})

    of_scope = items(await scopes.count_losses(on, "read"))
    of_resource = items(await resources.count_losses_of_disabling(on, "https://api.example"))
    of_another = items(await scopes.count_losses(on, "write"))

    older = "perhaps older grants: only the latest 10,000 were looked at"
    assert of_scope == ["1 client: Test application", "more than 1,000 grants: Test application", older]
    assert of_resource == ["more than 1,000 grants: Test application", older]
    assert of_another == [older]
    assert items(await grants.count_losses_of_all(on)) == ["more than 1,000 grants: Test application and others"]


async def test_members_are_counted_as_they_come_and_go(on: Administration, server: Server, admin: Any) -> None:
    group = await groups.create(on, "everybody", "", SERVER)
    admin.execute(MEMBERS, {"group_id": str(group.id), "count": KNOWN + 3})
    await groups.remove(on, "everybody", "member1", SERVER)
    await people.delete(on, "member2", SERVER)

    told = items(await groups.count_losses(on, "everybody"))

    assert (await groups.find(on, "everybody")).members == KNOWN + 1
    assert len(await groups.list_members(on, "everybody")) == KNOWN + 1
    assert told[0].startswith(f"{KNOWN + 1} members: member")
    assert told[0].endswith(" and others")


def test_a_few_are_named_and_more_are_counted() -> None:
    names = [f"name{number}" for number in range(7)]

    assert count(names[:1], "thing", str) == ["1 thing: name0"]
    assert count(names, "thing", str) == ["7 things: name0, name1, name2, name3, name4 and 2 more"]
    assert count(names, "thing", str, 900) == ["900 things: name0, name1, name2, name3, name4 and others"]
    assert count(None, "thing") == ["things, which could not be counted in time"]
