"""H20: one function decides whether a grant lives, and every path asks it. All paths times all reasons."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from attrs import evolve, frozen

from iam.administration import client_restrictions, groups, personal_tokens, restrictions
from iam.administration.personal_tokens import Wish
from iam.protocol.grants.authorization_code import AuthorizationCode
from iam.protocol.grants.client_credentials import ClientCredentials
from iam.protocol.grants.device_code import DeviceCode
from iam.protocol.grants.refresh_token import RefreshToken
from iam.records.actor import SERVER
from iam.secrets import minted
from iam.store.access_tokens import IssueConfirmedToken
from iam.tokens.bearer_tokens import BearerTokens
from tests.dpop import Holder
from tests.flows.device import DEVICE, Device, allowed
from tests.harness import App, Person, Reply, Server

GRANT_TYPES = ("authorization_code", "refresh_token", "client_credentials", DEVICE)


@frozen
class Held:
    """What somebody holds before the reason to refuse it comes up."""

    app: App
    person: Person
    code: str
    device: Device
    access_token: str
    refresh_token: str
    own_token: str
    holder: Holder
    bound_token: str
    identity_token: str
    personal_token: str
    service_token: str

    async def introspected(self, server: Server, token: str) -> bool:
        # by a resource server, so that the client's own state counts for nothing but the token
        return bool((await server.introspect(await server.app(introspect_any=True), token))["active"])


Path = Callable[[Server, Held], Awaitable[bool]]
Reason = Callable[[Server, Held, Any], Awaitable[None]]


def good(reply: Reply) -> bool:
    assert reply.status in (200, 400, 401), reply.text
    return reply.status == 200


async def code(server: Server, held: Held) -> bool:
    return good(await server.redeem(held.app, held.code))


async def device_code(server: Server, held: Held) -> bool:
    return good(await held.device.poll())


async def refresh(server: Server, held: Held) -> bool:
    return good(await server.refresh(held.app, held.refresh_token))


async def own(server: Server, held: Held) -> bool:
    return good(await server.token(held.app, grant_type="client_credentials", resource=server.own_resource))


async def introspection(server: Server, held: Held) -> bool:
    return await held.introspected(server, held.access_token)


async def introspection_of_a_refresh_token(server: Server, held: Held) -> bool:
    return await held.introspected(server, held.refresh_token)


async def introspection_of_a_token_of_its_own(server: Server, held: Held) -> bool:
    return await held.introspected(server, held.own_token)


async def resource(server: Server, held: Held) -> bool:
    return good(await server.get("/resource", headers={"Authorization": f"Bearer {held.access_token}"}))


async def resource_with_a_token_of_its_own(server: Server, held: Held) -> bool:
    return good(await server.get("/resource", headers={"Authorization": f"Bearer {held.own_token}"}))


async def own_by_a_proof(server: Server, held: Held) -> bool:
    proof = held.holder.proof()
    return good(await server.token(held.app, proof, grant_type="client_credentials", resource=server.own_resource))


async def own_by_a_certificate(server: Server, held: Held) -> bool:
    # by the statement itself: nobody here is a proxy that could pass on a certificate
    client = await server.store.clients.read(held.app.client_id)
    bearer = BearerTokens.of(server.settings)
    token = bearer.access_token(server.now())
    asked = IssueConfirmedToken(
        digest=minted.digest(token),
        day=minted.day_of(token),
        grant_id=client.grant_id if client else minted.identifier(),
        scope="read",
        audience=(server.own_resource,),
        now=server.now(),
        lifetime=bearer.access_token_lifetime,
        confirmation="x5t#S256:" + "A" * 43,
    )
    return await server.store.access_tokens.issue_confirmed(asked) is not None


async def resource_with_a_bound_token_of_its_own(server: Server, held: Held) -> bool:
    return good(await held.holder.call(held.bound_token))


async def user_info(server: Server, held: Held) -> bool:
    return good(await server.get("/userinfo", headers={"Authorization": f"Bearer {held.identity_token}"}))


async def personal(server: Server, held: Held) -> bool:
    return good(await server.get("/resource", headers={"Authorization": f"Bearer {held.personal_token}"}))


async def introspection_of_a_personal_token(server: Server, held: Held) -> bool:
    return await held.introspected(server, held.personal_token)


async def service(server: Server, held: Held) -> bool:
    return good(await server.get("/resource", headers={"Authorization": f"Bearer {held.service_token}"}))


async def introspection_of_a_service_token(server: Server, held: Held) -> bool:
    return await held.introspected(server, held.service_token)


PERSONS = (code, device_code, refresh, introspection, introspection_of_a_refresh_token, resource)
BOUND = (own_by_a_proof, own_by_a_certificate, resource_with_a_bound_token_of_its_own)
CLIENTS = (own, introspection_of_a_token_of_its_own, resource_with_a_token_of_its_own, *BOUND)
IDENTITIES = (user_info,)  # with tokens for no resource
PERSONAL = (personal, introspection_of_a_personal_token)
SERVICE = (service, introspection_of_a_service_token)
LOOKED_UP = (
    introspection_of_a_token_of_its_own,
    resource_with_a_token_of_its_own,
    resource_with_a_bound_token_of_its_own,
)

# Each grant type, and the paths on which what it gives is presented. A new one without its line fails below.
PATHS = {
    AuthorizationCode.name: (*PERSONS, *IDENTITIES),
    RefreshToken.name: (*PERSONS, *IDENTITIES),
    ClientCredentials.name: CLIENTS,
    DeviceCode.name: (*PERSONS, *IDENTITIES),
}


async def person_disabled(server: Server, held: Held, admin: Any) -> None:
    await server.store.users.disable(held.person.user_id, server.now(), by=SERVER)


async def person_disabled_and_enabled_again(server: Server, held: Held, admin: Any) -> None:
    await server.store.users.disable(held.person.user_id, server.now(), by=SERVER)
    server.clock.advance(1)
    await server.store.users.enable(held.person.user_id, server.now(), by=SERVER)


async def new_password(server: Server, held: Held, admin: Any) -> None:
    await server.store.users.set_password(held.person.user_id, "hash", server.now(), by=SERVER)


async def nobody_is_a_member_of_the_clients_groups(server: Server, held: Held, admin: Any) -> None:
    admin.execute("update clients set members_only = true where id = %s", (held.app.client_id,))


async def person_left_the_clients_group(server: Server, held: Held, admin: Any) -> None:
    on, client, name = server.application.administration, held.app.client_id, held.person.username
    await groups.create(on, "editors", "", SERVER)
    await groups.add(on, "editors", name, SERVER)
    await client_restrictions.restrict_client(on, client, ["editors"], SERVER)
    await groups.remove(on, "editors", name, SERVER)
    await groups.add(on, "editors", name, SERVER)  # what ended has ended


async def person_is_no_member_of_a_scopes_group(server: Server, held: Held, admin: Any) -> None:
    on = server.application.administration
    await groups.create(on, "editors", "", SERVER)
    await restrictions.restrict_scope(on, "read", ["editors"], SERVER)


async def person_deleted(server: Server, held: Held, admin: Any) -> None:
    await server.store.users.delete(held.person.user_id, server.now(), by=SERVER)


async def persons_epoch(server: Server, held: Held, admin: Any) -> None:
    admin.execute("update users set not_before = %s", (server.now(),))


async def consent_withdrawn(server: Server, held: Held, admin: Any) -> None:
    admin.execute("delete from consents")


async def consent_narrowed(server: Server, held: Held, admin: Any) -> None:
    admin.execute("update consents set scopes = '{read}'")


async def session_ended(server: Server, held: Held, admin: Any) -> None:
    admin.execute("update grants set session_bound = true where session_id is not null")
    admin.execute("delete from sessions")


async def persons_grant_expired(server: Server, held: Held, admin: Any) -> None:
    admin.execute("update grants set expires_at = %s where user_id is not null", (server.now(),))


async def client_disabled(server: Server, held: Held, admin: Any) -> None:
    await server.store.clients.set_disabled(held.app.client_id, server.now(), disabled=True, by=SERVER)


async def client_disabled_and_enabled_again(server: Server, held: Held, admin: Any) -> None:
    await server.store.clients.set_disabled(held.app.client_id, server.now(), disabled=True, by=SERVER)
    server.clock.advance(1)
    await server.store.clients.set_disabled(held.app.client_id, server.now(), disabled=False, by=SERVER)


async def client_deleted(server: Server, held: Held, admin: Any) -> None:
    await server.store.clients.delete(held.app.client_id, server.now(), by=SERVER)


async def clients_epoch(server: Server, held: Held, admin: Any) -> None:
    admin.execute("update clients set not_before = %s", (server.now(),))


async def grant_type_withdrawn(server: Server, held: Held, admin: Any) -> None:
    admin.execute("update clients set grant_types = '{}' where id = %s", (held.app.client_id,))


async def resource_disabled(server: Server, held: Held, admin: Any) -> None:
    await server.store.resources.set_disabled(server.own_resource, server.now(), server.now(), by=SERVER)


async def resource_deleted(server: Server, held: Held, admin: Any) -> None:
    await server.store.resources.delete(server.own_resource, server.now(), by=SERVER)


async def resource_closed(server: Server, held: Held, admin: Any) -> None:
    admin.execute("update resources set clients = 'named', clients_since = '-infinity'")


async def tokens_epoch(server: Server, held: Held, admin: Any) -> None:
    admin.execute("update users set tokens_not_before = %s", (server.now(),))


async def applications_epoch(server: Server, held: Held, admin: Any) -> None:
    admin.execute("update users set applications_not_before = %s", (server.now(),))


async def scope_deleted(server: Server, held: Held, admin: Any) -> None:
    await server.store.scopes.delete("read", server.now(), by=SERVER)


async def token_expired(server: Server, held: Held, admin: Any) -> None:
    admin.execute(
        "update grants set expires_at = %s where id in (select grant_id from personal_tokens)", (server.now(),)
    )


async def everything_revoked(server: Server, held: Held, admin: Any) -> None:
    admin.execute("insert into epochs (name, not_before) values ('all', %s)", (server.now(),))


async def grants_revoked(server: Server, held: Held, admin: Any) -> None:
    admin.execute("update grants set revoked_at = %s", (server.now(),))


OF_PERSONS: tuple[Reason, ...] = (
    person_disabled,
    person_disabled_and_enabled_again,
    new_password,
    person_deleted,
    persons_epoch,
    nobody_is_a_member_of_the_clients_groups,
    person_left_the_clients_group,
    person_is_no_member_of_a_scopes_group,
    consent_withdrawn,
    consent_narrowed,
    session_ended,
    persons_grant_expired,
)
OF_CLIENTS: tuple[Reason, ...] = (
    client_disabled,
    client_deleted,
    grant_type_withdrawn,
    grants_revoked,
)
OF_RESOURCES: tuple[Reason, ...] = (resource_disabled, resource_deleted, resource_closed)
EPOCHS: tuple[Reason, ...] = (client_disabled_and_enabled_again, clients_epoch, everything_revoked)
OF_TOKENS: tuple[Reason, ...] = (token_expired, scope_deleted, grants_revoked)
OF_PERSONAL: tuple[Reason, ...] = (
    person_disabled,
    person_disabled_and_enabled_again,
    new_password,
    person_deleted,
    persons_epoch,
    tokens_epoch,
    person_is_no_member_of_a_scopes_group,
    everything_revoked,
)

MATRIX = [
    *product(PERSONS, (*OF_PERSONS, applications_epoch, *OF_CLIENTS, *OF_RESOURCES, *EPOCHS)),
    *product(IDENTITIES, (*OF_PERSONS, applications_epoch, *OF_CLIENTS, *EPOCHS)),
    *product(PERSONAL, (*OF_PERSONAL, *OF_RESOURCES, *OF_TOKENS)),
    *product(SERVICE, (*OF_CLIENTS, *EPOCHS, *OF_RESOURCES, token_expired, scope_deleted)),
    *product(CLIENTS, (*OF_CLIENTS, *OF_RESOURCES)),
    *product(LOOKED_UP, EPOCHS),  # a new token after the epoch is a new one
]


async def hold(server: Server) -> Held:
    app = await server.app(scopes=("openid", "read", "write"), grant_types=GRANT_TYPES)
    person = await server.person()
    await server.store.resources.create(
        server.own_resource,
        scopes=(),
        token_format="opaque",
        lifetime=3600,
        client_id=None,
        now=server.now(),
        by=SERVER,
    )
    tokens = await server.tokens(app, person, resource=server.own_resource)
    own_token = await server.token(app, grant_type="client_credentials", resource=server.own_resource)
    holder, own_resource = Holder(server), server.own_resource
    proof = holder.proof()
    bound_token = await server.token(app, proof, grant_type="client_credentials", resource=own_resource)
    identity = await server.tokens(app, person, scope="openid read")
    made = await make_by_hand(server, app, person)
    held = Held(
        app,
        person,
        await server.code(app, person, resource=server.own_resource),
        await allowed(server, person, app, resource=server.own_resource),
        tokens["access_token"],
        tokens["refresh_token"],
        own_token.json["access_token"],
        holder,
        bound_token.json["access_token"],
        identity["access_token"],
        *made,
    )
    server.clock.advance(1)  # an epoch begins after what it ends
    return held


async def make_by_hand(server: Server, app: App, person: Person) -> tuple[str, str]:
    """A personal token, and a service token of the application."""
    on, wish = server.application.administration, Wish("t", ["read"], [server.own_resource])
    user, client = await server.store.users.by_id(person.user_id), await server.store.clients.read(app.client_id)
    assert user
    assert client
    dated = evolve(wish, expires_at=server.now() + timedelta(days=1))
    own = await personal_tokens.create_for_person(on, user, dated, SERVER)
    return own.text, (await personal_tokens.create_for_client(on, client, wish, SERVER)).text


@pytest.mark.parametrize("path", [*PERSONS, *IDENTITIES, *CLIENTS, *PERSONAL, *SERVICE], ids=lambda path: path.__name__)
async def test_h20_without_a_reason_every_path_gives(server: Server, path: Path) -> None:
    held = await hold(server)

    assert await path(server, held)


@pytest.mark.parametrize(("path", "reason"), MATRIX, ids=lambda each: each.__name__)
async def test_h20_every_path_asks_for_every_reason(server: Server, admin: Any, path: Path, reason: Reason) -> None:
    held = await hold(server)

    await reason(server, held, admin)
    for memory in (server.store.clients, server.store.resources, server.store.scopes):
        memory.forget()

    assert not await path(server, held)


async def test_h20_each_grant_type_has_its_rows_in_the_matrix(server: Server) -> None:
    metadata = (await server.get("/.well-known/oauth-authorization-server")).json

    assert {grant.name for grant in server.protocol.grants} == set(metadata["grant_types_supported"]) == set(PATHS)
    assert {path for path, _ in MATRIX} >= {path for paths in PATHS.values() for path in paths}


async def test_h21_after_an_epoch_new_grants_live(server: Server, admin: Any) -> None:
    held = await hold(server)
    admin.execute("insert into epochs (name, not_before) values ('all', %s)", (server.now(),))

    tokens = await server.tokens(held.app, held.person)
    own_token = (await server.token(held.app, grant_type="client_credentials")).json

    assert await held.introspected(server, tokens["access_token"])
    assert await held.introspected(server, own_token["access_token"])


async def test_a_refresh_token_rests_when_its_client_may_refresh_no_longer(server: Server, admin: Any) -> None:
    held = await hold(server)
    admin.execute("update clients set grant_types = '{authorization_code}' where id = %s", (held.app.client_id,))

    access = await held.introspected(server, held.access_token)
    refreshing = await held.introspected(server, held.refresh_token)

    assert (access, refreshing) == (True, False)


async def test_a_grant_is_not_longer_than_its_absolute_expiry(server: Server, admin: Any) -> None:
    held = await hold(server)
    admin.execute(
        "update grants set expires_at = %s where user_id is not null", (server.now() + timedelta(seconds=60),)
    )

    fresh = (await server.refresh(held.app, held.refresh_token)).json
    server.clock.advance(61)

    assert fresh["expires_in"] <= 60
    assert not await held.introspected(server, fresh["access_token"])


async def test_what_is_kept_lives_on_under_a_new_password(server: Server) -> None:
    held = await hold(server)

    await server.store.users.set_password(held.person.user_id, "hash", server.now(), keep_grants=True, by=SERVER)

    assert await code(server, held)
    assert await refresh(server, held)
    assert await personal(server, held)


@pytest.mark.parametrize("tokens", [True, False])
async def test_a_new_password_may_end_applications_and_personal_tokens_each_without_the_other(
    server: Server, tokens: bool
) -> None:
    held = await hold(server)

    await server.store.users.set_password(
        held.person.user_id, "hash", server.now(), keep_grants=not tokens, keep_tokens=tokens, by=SERVER
    )

    assert await personal(server, held) is tokens
    assert await introspection(server, held) is not tokens
    assert await service(server, held)


async def test_what_is_kept_rests_while_its_person_is_disabled(server: Server) -> None:
    held = await hold(server)

    await server.store.users.disable(held.person.user_id, server.now(), keep_grants=True, by=SERVER)
    resting = await introspection_of_a_refresh_token(server, held)
    server.clock.advance(1)
    await server.store.users.enable(held.person.user_id, server.now(), by=SERVER)

    assert not resting
    assert await refresh(server, held)


async def test_to_enable_who_is_enabled_ends_nothing(server: Server) -> None:
    held = await hold(server)

    await server.store.users.enable(held.person.user_id, server.now(), by=SERVER)
    await server.store.clients.set_disabled(held.app.client_id, server.now(), disabled=False, by=SERVER)

    assert (await server.get("/accounts", headers=held.person.headers)).status == 200
    assert await refresh(server, held)


async def test_what_was_under_way_when_its_person_was_disabled_does_not_live_when_they_are_enabled(
    server: Server,
) -> None:
    held = await hold(server)
    disabled_at = server.now()
    server.clock.advance(1)
    late = await server.tokens(held.app, held.person)

    await server.store.users.disable(held.person.user_id, disabled_at, by=SERVER)
    server.clock.advance(1)
    await server.store.users.enable(held.person.user_id, server.now(), by=SERVER)

    assert not await held.introspected(server, late["refresh_token"])


@pytest.mark.parametrize("reason", [person_disabled_and_enabled_again, new_password])
async def test_a_login_that_was_under_way_begins_no_session(server: Server, admin: Any, reason: Reason) -> None:
    held = await hold(server)
    received = server.now()
    server.clock.advance(1)

    await reason(server, held, admin)
    server.clock.advance(1)
    sessions = server.application.sessions
    before = await sessions.begin(None, held.person.user_id, auth_time=received)
    after = await sessions.begin(None, held.person.user_id)

    assert before
    assert (await sessions.find(before)).session is None
    assert after
    assert (await sessions.find(after)).session
