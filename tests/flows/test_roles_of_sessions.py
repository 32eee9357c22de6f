"""A session, and a personal token, know which roles their person has on this server: now, and by the statement that finds them."""

from datetime import timedelta

from iam.administration import groups, personal_tokens, roles
from iam.administration.personal_tokens import Wish
from iam.administration.roles import Place
from iam.records.actor import SERVER
from iam.records.role import Role
from iam.secrets import minted
from iam.store.roles import Holder
from iam.store.sessions import FindSession
from tests.harness import Person, Server


async def roles_of(server: Server, person: Person) -> frozenset[Role]:
    """What the session of this person knows."""
    now, day = server.now(), minted.day_of(person.cookie)
    past = now - timedelta(days=1)
    sought = FindSession(minted.digest(person.cookie), day, 0, None, now, past, past, past)
    found = await server.store.sessions.find(sought)
    assert found
    return found.session.roles


async def test_a_session_has_the_roles_of_its_person_and_of_their_groups(server: Server) -> None:
    on, root = server.application.administration, await server.person("root", superuser=True)
    alice, app = await server.person("alice"), await server.app()
    await groups.create(on, "helpdesk", "", SERVER)
    await groups.add(on, "helpdesk", "alice", SERVER)

    before = await roles_of(server, alice)
    await roles.grant(on, "auditor", Place("alice"), SERVER)
    await roles.grant(on, "support", Place(group="helpdesk"), SERVER)
    await roles.grant(on, "developer", Place("alice", client=app.client_id), SERVER)
    then = await roles_of(server, alice)
    await groups.remove(on, "helpdesk", "alice", SERVER)

    assert (before, then) == (frozenset(), {Role.AUDITOR, Role.SUPPORT})
    assert await roles_of(server, alice) == {Role.AUDITOR}
    assert await roles_of(server, root) == {Role.ADMINISTRATOR}


async def test_a_role_that_only_a_newer_version_knows_is_none(server: Server) -> None:
    alice = await server.person("alice")

    await server.store.roles.grant("archivist", None, Holder(user_id=alice.user_id), server.now(), SERVER)

    assert await roles_of(server, alice) == frozenset()


async def test_a_personal_token_has_the_roles_of_its_person_and_a_service_token_none(server: Server) -> None:
    on, alice, app = server.application.administration, await server.person("alice"), await server.app()
    await roles.grant(on, "auditor", Place("alice"), SERVER)
    user, client = await server.store.users.by_id(alice.user_id), await server.store.clients.read(app.client_id)
    assert user
    assert client
    wish = Wish("backup", ["read"], expires_at=server.now() + timedelta(days=1))

    own = await personal_tokens.create_for_person(on, user, wish, SERVER)
    service = await personal_tokens.create_for_client(on, client, wish, SERVER)

    found = [await server.store.personal_tokens.find(minted.digest(made.text), server.now()) for made in (own, service)]
    assert [each and each.roles for each in found] == [{Role.AUDITOR}, frozenset()]
