"""The client that every server registers for itself, `iam-cli`: it stays as it is, and gets what a person's roles can use."""

import pytest
from attrs import evolve

from iam.administration import clients
from iam.administration.actions import reach
from iam.clients import ids
from iam.clients.registrants import ADMINISTRATOR
from iam.oauth.own_clients import COMMAND_LINE
from iam.records.actor import SERVER
from iam.records.invalid import Invalid
from iam.records.role import Role
from iam.records.scope import ADMINISTRATIVE
from iam.secrets import minted
from iam.server.own_clients import METADATA, register_command_line
from iam.server.own_resources import register_api
from iam.store.roles import Holder
from tests.harness import App, Person, Reply, Server

BACK = "http://127.0.0.1:53682/"
METADATA_OF_BEFORE = evolve(METADATA, scopes=("openid",))
EVERYTHING = f"openid {' '.join(ADMINISTRATIVE)}"


async def register(server: Server) -> App:
    await register_api(server.store, server.settings, server.clock_of_store())
    assert await register_command_line(server.store, server.clock_of_store())
    return App(COMMAND_LINE, None)


async def log_in(server: Server, person: Person) -> Reply:
    resource = f"{server.settings.issuer}/api/v1"
    return await server.authorize(
        App(COMMAND_LINE, None), person, redirect_uri=BACK, scope=EVERYTHING, resource=resource
    )


async def with_role(server: Server, role: str) -> Person:
    person = await server.person()
    await server.store.roles.grant(role, None, Holder(user_id=person.user_id), server.now(), SERVER)
    return person


async def test_it_is_registered_once_and_put_right_at_each_start(server: Server) -> None:
    await register(server)
    first = await server.store.clients.read(COMMAND_LINE)
    await register(server)
    same = await server.store.clients.read(COMMAND_LINE)
    await server.store.clients.update(COMMAND_LINE, METADATA_OF_BEFORE, server.now(), SERVER)
    await clients.disable(server.application.administration, COMMAND_LINE, SERVER)
    await register(server)
    mended = await server.store.clients.read(COMMAND_LINE)

    assert first is not None
    assert (first.owner_id, first.redirect_uris, first.native) == (None, ("http://127.0.0.1/",), True)
    assert same == first
    assert mended is not None
    assert (mended.scopes, mended.enabled) == (first.scopes, False)


async def test_nobody_changes_or_deletes_it(server: Server) -> None:
    await register(server)
    on = server.application.administration
    client = await clients.find(on, COMMAND_LINE)

    for change in (
        clients.update(on, client, METADATA_OF_BEFORE, SERVER),
        clients.delete(on, COMMAND_LINE, SERVER),
        clients.count_losses_of_deleting(on, COMMAND_LINE),
        server.registration.judge(METADATA_OF_BEFORE, before=client, registrant=ADMINISTRATOR),
    ):
        with pytest.raises(Invalid, match="the command line of this server"):
            await change
    assert await clients.find(on, COMMAND_LINE) == client
    assert ids.complaint(COMMAND_LINE) == "The id iam-cli is taken by this server itself."


async def test_another_client_of_this_id_stays_as_it_is(server: Server) -> None:
    await server.store.clients.create(
        COMMAND_LINE,
        METADATA_OF_BEFORE,
        owner_id=(await server.person()).user_id,
        grant_id=minted.identifier(),
        secret=None,
        now=server.now(),
        by=SERVER,
    )
    before = await server.store.clients.read(COMMAND_LINE)

    assert not await register_command_line(server.store, server.clock_of_store())
    assert await server.store.clients.read(COMMAND_LINE) == before


@pytest.mark.parametrize("role", Role)
async def test_it_gets_what_the_persons_roles_can_use(server: Server, role: Role) -> None:
    app, person = await register(server), await with_role(server, role)

    reply = await log_in(server, person)
    tokens = await server.redeem(app, reply.sent_back["code"], redirect_uri=BACK)

    assert set(tokens.json["scope"].split(" ")) == {"openid", *reach.within({role})}


async def test_who_has_no_role_gets_what_owners_may_and_nothing_else_of_the_administration(server: Server) -> None:
    app = await register(server)
    person = await server.person()

    reply = await log_in(server, person)
    bare = await server.authorize(
        app,
        person,
        redirect_uri=BACK,
        scope="iam:people:read",
        resource=f"{server.settings.issuer}/api/v1",
    )

    tokens = await server.redeem(app, reply.sent_back["code"], redirect_uri=BACK)
    assert set(tokens.json["scope"].split(" ")) == {"openid", *reach.within(set())}
    assert bare.sent_back["error"] == "invalid_scope"


OF_OWNERS = {
    f"iam:{scope}"
    for scope in ("applications:read", "applications:write", "groups:read", "groups:write", "refusals:read")
}


def test_an_auditor_changes_nothing_and_an_administrator_does_everything() -> None:
    assert {name.rpartition(":")[2] for name in reach.within({Role.AUDITOR})} == {"read"}
    assert reach.within({Role.ADMINISTRATOR}) == set(ADMINISTRATIVE)
    assert reach.within(set()) == OF_OWNERS
    assert "iam:people:write" in reach.within({Role.SUPPORT})
    assert "iam:keys:write" not in reach.within({Role.SUPPORT, Role.DEVELOPER})
