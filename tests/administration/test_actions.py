"""Every action of administration writes one row into the audit log, of its kind and with who did it (H29)."""

import inspect
import pkgutil
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from importlib import import_module
from typing import Any
from uuid import UUID

import pytest
from attrs import frozen

import iam.administration
from iam.administration import (
    audit,
    client_restrictions,
    client_secrets,
    clients,
    exports,
    factors,
    grants,
    groups,
    invitations,
    keys,
    mail,
    mcp,
    obstacles,
    own_clients,
    people,
    personal_tokens,
    registration_access_tokens,
    registration_tokens,
    resources,
    restrictions,
    roles,
    scopes,
    sessions,
    telling,
    tokens,
    withdrawals,
)
from iam.administration.administration import Administration
from iam.administration.groups import GroupChange
from iam.administration.people import ProfileChange
from iam.administration.personal_tokens import Wish
from iam.administration.resources import Terms
from iam.administration.roles import Place
from iam.clients import documents
from iam.records.actor import SERVER, By
from iam.records.audit import Wanted
from iam.records.client_metadata import Metadata
from iam.records.personal_token import ANYBODY, Owner
from iam.records.refused_login import THROTTLED
from iam.records.role import Role
from iam.records.scope import Scope
from iam.secrets import minted
from iam.secrets.minted import Kind
from iam.store.buckets import Bucket, Empty
from iam.store.client_documents import Reading
from iam.store.registrations import Newcomer
from tests.harness import Server
from tests.pages.factors import add_app

BY = By("somebody who administers", "192.0.2.7")


@frozen
class Desk:
    """The rules, and the server whose people and clients they are about."""

    on: Administration
    server: Server
    execute: Callable[..., None]


Act = Callable[[], Awaitable[object]]
Prepare = Callable[[Desk], Awaitable[Act]]


API = "https://api.example"
PASSWORD = "seven wet otters sing"


async def create_resource(desk: Desk) -> Act:
    return lambda: resources.create(desk.on, API, Terms(), BY)


async def update_resource(desk: Desk) -> Act:
    await resources.create(desk.on, API, Terms(), SERVER)
    return lambda: resources.update(desk.on, API, Terms(lifetime=60), BY)


async def disable_resource(desk: Desk) -> Act:
    await resources.create(desk.on, API, Terms(), SERVER)
    return lambda: resources.disable(desk.on, API, BY)


async def enable_resource(desk: Desk) -> Act:
    await resources.create(desk.on, API, Terms(), SERVER)
    await resources.disable(desk.on, API, SERVER)
    return lambda: resources.enable(desk.on, API, BY)


async def delete_resource(desk: Desk) -> Act:
    await resources.create(desk.on, API, Terms(), SERVER)
    return lambda: resources.delete(desk.on, API, BY)


async def add_mcp_server(desk: Desk) -> Act:
    return lambda: mcp.add(desk.on, f"{API}/mcp", [], BY)


async def create_scope(desk: Desk) -> Act:
    return lambda: scopes.create(desk.on, Scope("photos:read", "Look at your photos"), BY)


async def delete_scope(desk: Desk) -> Act:
    return lambda: scopes.delete(desk.on, "write", BY)


async def create_group(desk: Desk) -> Act:
    return lambda: groups.create(desk.on, "editors", "Who write the news", BY)


async def update_group(desk: Desk) -> Act:
    await groups.create(desk.on, "editors", "", SERVER)
    return lambda: groups.update(desk.on, "editors", GroupChange(description="Who write the news"), BY)


async def delete_group(desk: Desk) -> Act:
    await groups.create(desk.on, "editors", "", SERVER)
    return lambda: groups.delete(desk.on, "editors", BY)


async def add_member(desk: Desk) -> Act:
    await groups.create(desk.on, "editors", "", SERVER)
    username = (await desk.server.person()).username
    return lambda: groups.add(desk.on, "editors", username, BY)


async def remove_member(desk: Desk) -> Act:
    await groups.create(desk.on, "editors", "", SERVER)
    username = (await desk.server.person()).username
    await groups.add(desk.on, "editors", username, SERVER)
    return lambda: groups.remove(desk.on, "editors", username, BY)


async def restrict_client(desk: Desk) -> Act:
    await groups.create(desk.on, "editors", "", SERVER)
    client_id = (await desk.server.app()).client_id
    return lambda: client_restrictions.restrict_client(desk.on, client_id, ["editors"], BY)


async def restrict_scope(desk: Desk) -> Act:
    await groups.create(desk.on, "editors", "", SERVER)
    return lambda: restrictions.restrict_scope(desk.on, "write", ["editors"], BY)


async def grant_role(desk: Desk) -> Act:
    username = (await desk.server.person()).username
    return lambda: roles.grant(desk.on, "support", Place(username), BY)


async def revoke_role(desk: Desk) -> Act:
    username = (await desk.server.person()).username
    await roles.grant(desk.on, "support", Place(username), SERVER)
    return lambda: roles.revoke(desk.on, "support", Place(username), BY)


async def export_audit_log(desk: Desk) -> Act:
    return lambda: audit.export(desk.on, Wanted(kind="token.revoked"), BY)


async def prune_audit_log(desk: Desk) -> Act:
    long_ago = desk.on.clock.now() - timedelta(days=100)
    desk.execute("select tend_partitions('audit_events', %s, 0, 0)", (long_ago.date(),))
    return lambda: audit.prune(desk.on, (long_ago + timedelta(days=62)).date(), BY)


def described(name: str) -> Metadata:
    return Metadata(
        name=name,
        auth_method="client_secret_basic",
        grant_types=("client_credentials",),
        redirect_uris=(),
        scopes=("read",),
    )


async def create_client(desk: Desk) -> Act:
    return lambda: clients.create(desk.on, described("Shop"), BY)


async def update_client(desk: Desk) -> Act:
    client, _ = await clients.create(desk.on, described("Shop"), SERVER)
    return lambda: clients.update(desk.on, client, described("Store"), BY)


async def transfer_client(desk: Desk) -> Act:
    client_id = (await desk.server.app()).client_id
    username = (await desk.server.person()).username
    return lambda: clients.transfer(desk.on, client_id, username, BY)


OWNER = frozenset({Role.ADMINISTRATOR})


async def register_own_client(desk: Desk) -> Act:
    owner_id, secret = (await desk.server.person()).user_id, minted.mint(Kind.CLIENT_SECRET)
    return lambda: own_clients.register(desk.on, "shop", secret, described("Shop"), owner_id, OWNER, BY)


async def update_own_client(desk: Desk) -> Act:
    client, _ = await clients.create(desk.on, described("Shop"), SERVER)
    return lambda: own_clients.update(desk.on, client, described("Store"), OWNER, BY)


async def disable_client(desk: Desk) -> Act:
    app = await desk.server.app()
    return lambda: clients.disable(desk.on, app.client_id, BY)


async def enable_client(desk: Desk) -> Act:
    app = await desk.server.app()
    await clients.disable(desk.on, app.client_id, SERVER)
    return lambda: clients.enable(desk.on, app.client_id, BY)


async def publish(desk: Desk) -> str:
    """A client that is a document."""
    url, now, store = "https://tools.example/client.json", desk.server.now(), desk.server.store.client_documents
    metadata = Metadata("Tools", "none", ("authorization_code",), ("https://tools.example/cb",), ("openid",))
    assert await store.create(Reading(url, "tools.example", now, now), documents.newcomer(url, metadata), None, SERVER)
    return url


async def disable_host(desk: Desk) -> Act:
    client_id = await publish(desk)
    return lambda: clients.disable_host(desk.on, client_id, BY)


async def enable_host(desk: Desk) -> Act:
    client_id = await publish(desk)
    await clients.disable_host(desk.on, client_id, SERVER)
    return lambda: clients.enable_host(desk.on, client_id, BY)


async def delete_client(desk: Desk) -> Act:
    app = await desk.server.app()
    return lambda: clients.delete(desk.on, app.client_id, BY)


async def rotate_client_secret(desk: Desk) -> Act:
    app = await desk.server.app()
    return lambda: client_secrets.rotate(desk.on, app.client_id, BY)


async def newcomer(desk: Desk) -> str:
    """The id of a client that registered itself."""
    metadata, grant_id = described("Newcomer"), minted.identifier()
    registered = Newcomer("newcomer", metadata, grant_id, None, minted.digest("a token"))
    await desk.server.store.registrations.of_stranger(registered, None, desk.on.clock.now(), SERVER)
    return registered.client_id


async def rotate_registration_access_token(desk: Desk) -> Act:
    client_id = await newcomer(desk)
    return lambda: registration_access_tokens.rotate(desk.on, client_id, BY)


async def revoke_registration_access_token(desk: Desk) -> Act:
    client_id = await newcomer(desk)
    return lambda: registration_access_tokens.revoke(desk.on, client_id, BY)


async def create_person(desk: Desk) -> Act:
    return lambda: people.create(desk.on, username="alice", by=BY)


async def create_administrator(desk: Desk) -> Act:
    told = {"username": "root", "email": "root@example.org", "password": PASSWORD}
    return lambda: people.create_administrator(desk.on, **told, by=BY)


async def update_person(desk: Desk) -> Act:
    person = await desk.server.person()
    return lambda: people.update(desk.on, person.username, ProfileChange(name="Alice"), BY)


async def set_password(desk: Desk) -> Act:
    person = await desk.server.person()
    return lambda: people.set_password(desk.on, person.username, PASSWORD, BY)


async def disable_person(desk: Desk) -> Act:
    person = await desk.server.person()
    return lambda: people.disable(desk.on, person.username, BY)


async def enable_person(desk: Desk) -> Act:
    person = await desk.server.person()
    await people.disable(desk.on, person.username, SERVER)
    return lambda: people.enable(desk.on, person.username, BY)


async def unthrottle_person(desk: Desk) -> Act:
    person = await desk.server.person()
    empty = Empty(Bucket("login account", str(person.user_id), 10, 60), 60.0)
    desk.on.store.refused_logins.add(person.user_id, THROTTLED, "192.0.2.1", [empty])
    return lambda: obstacles.unthrottle(desk.on, person.username, BY)


async def delete_person(desk: Desk) -> Act:
    person = await desk.server.person()
    return lambda: people.delete(desk.on, person.username, BY)


async def reset_factors(desk: Desk) -> Act:
    person = await desk.server.person()
    await add_app(desk.server, person.user_id)
    return lambda: factors.reset(desk.on, person.username, BY)


async def revoke_session(desk: Desk) -> Act:
    await desk.server.person()
    (session,) = await sessions.list_living(desk.on)
    return lambda: sessions.revoke(desk.on, session.id, BY)


async def end_sessions(desk: Desk) -> Act:
    person = await desk.server.person()
    return lambda: people.end_sessions(desk.on, person.username, BY)


async def revoke_grant(desk: Desk) -> Act:
    await desk.server.tokens(await desk.server.app(), await desk.server.person())
    (grant,) = [grant for grant in await grants.list_living(desk.on) if grant.user_id]
    return lambda: grants.revoke(desk.on, grant.id, BY)


async def revoke_grants_of_person(desk: Desk) -> Act:
    person = await desk.server.person()
    return lambda: grants.revoke_of_user(desk.on, person.username, BY)


async def revoke_grants_of_client(desk: Desk) -> Act:
    app = await desk.server.app()
    return lambda: grants.revoke_of_client(desk.on, app.client_id, BY)


async def withdraw_grants(desk: Desk) -> Act:
    person, app = await desk.server.person(), await desk.server.app()
    await desk.server.tokens(app, person)
    return lambda: grants.withdraw(desk.on, person.username, app.client_id, BY)


async def revoke_all_grants(desk: Desk) -> Act:
    return lambda: grants.revoke_all(desk.on, BY)


async def void(desk: Desk) -> Act:
    return lambda: grants.void(desk.on, BY)


async def revoke_token(desk: Desk) -> Act:
    token = (await desk.server.tokens(await desk.server.app(), await desk.server.person()))["access_token"]
    return lambda: tokens.revoke(desk.on, token, BY)


def wished(desk: Desk) -> Wish:
    return Wish("backup", ["read"], expires_at=desk.on.clock.now() + timedelta(days=1))


async def create_personal_token(desk: Desk) -> Act:
    user = await people.find(desk.on, (await desk.server.person()).username)
    return lambda: personal_tokens.create_for_person(desk.on, user, wished(desk), BY)


async def create_service_token(desk: Desk) -> Act:
    client = await clients.find(desk.on, (await desk.server.app()).client_id)
    return lambda: personal_tokens.create_for_client(desk.on, client, wished(desk), BY)


async def revoke_personal_tokens(desk: Desk) -> Act:
    user = await people.find(desk.on, (await desk.server.person()).username)
    await personal_tokens.create_for_person(desk.on, user, wished(desk), SERVER)
    return lambda: personal_tokens.revoke_all(desk.on, Owner(user_id=user.id), BY)


async def revoke_personal_token(desk: Desk) -> Act:
    user = await people.find(desk.on, (await desk.server.person()).username)
    await personal_tokens.create_for_person(desk.on, user, wished(desk), SERVER)
    (token,) = await personal_tokens.list_all(desk.on, ANYBODY)
    return lambda: personal_tokens.revoke(desk.on, token, BY)


async def export_account(desk: Desk) -> Act:
    person = await desk.server.person()
    return lambda: exports.export(desk.on, desk.server.application.factors, person.user_id, BY)


async def invite_person(desk: Desk) -> Act:
    await people.create(desk.on, username="bob", by=SERVER)
    return lambda: invitations.invite(desk.on, "bob", BY)


async def reset_password(desk: Desk) -> Act:
    username = (await desk.server.person()).username
    return lambda: invitations.reset_password(desk.on, username, BY)


async def find_mail(desk: Desk) -> UUID:
    await invitations.invite(desk.on, "bob", SERVER, email="bob@example.org")
    (mail,) = await desk.on.store.posted_mails.page(desk.on.clock.now(), None, UUID(int=0), 1)
    return mail.id


async def retry_mail(desk: Desk) -> Act:
    mail_id = await find_mail(desk)
    return lambda: mail.retry(desk.on, mail_id, BY)


async def discard_mail(desk: Desk) -> Act:
    mail_id = await find_mail(desk)
    return lambda: mail.discard(desk.on, mail_id, BY)


async def send_test_mail(desk: Desk) -> Act:
    user = await people.create(desk.on, username="eve", email="eve@example.org", email_verified=True, by=SERVER)
    return lambda: mail.test(desk.on, user.id, BY)


async def withdraw_invitation(desk: Desk) -> Act:
    await invitations.invite(desk.on, "bob", SERVER)
    (link,) = await desk.on.store.invitations.page(desk.on.clock.now(), None, UUID(int=0), 1)
    return lambda: withdrawals.withdraw(desk.on, link.id, BY)


async def rotate_key(desk: Desk) -> Act:
    return lambda: keys.rotate(desk.on, "ES256", BY)


async def retire_key(desk: Desk) -> Act:
    ((key, _),) = await keys.rotate(desk.on, "ES256", SERVER)
    return lambda: keys.retire(desk.on, key.kid, BY)


async def create_registration_token(desk: Desk) -> Act:
    return lambda: registration_tokens.create(desk.on, ("read",), 1, None, BY)


async def revoke_registration_token(desk: Desk) -> Act:
    token, _ = await registration_tokens.create(desk.on, (), None, None, SERVER)
    return lambda: registration_tokens.revoke(desk.on, token.id, BY)


# What prepares each action, and the kind of event that it writes down. A new action without its line fails below.
ACTIONS: dict[str, tuple[Prepare, str]] = {
    "audit.export": (export_audit_log, "audit.exported"),
    "audit.prune": (prune_audit_log, "audit.pruned"),
    "client_secrets.rotate": (rotate_client_secret, "client.secret_rotated"),
    "clients.create": (create_client, "client.created"),
    "clients.delete": (delete_client, "client.deleted"),
    "clients.disable": (disable_client, "client.disabled"),
    "clients.disable_host": (disable_host, "client.disabled"),
    "clients.enable": (enable_client, "client.enabled"),
    "clients.enable_host": (enable_host, "client.enabled"),
    "clients.transfer": (transfer_client, "client.transferred"),
    "clients.update": (update_client, "client.changed"),
    "own_clients.register": (register_own_client, "client.created"),
    "own_clients.update": (update_own_client, "client.changed"),
    "exports.export": (export_account, "user.exported"),
    "factors.reset": (reset_factors, "factors.reset"),
    "grants.revoke": (revoke_grant, "grant.revoked"),
    "grants.revoke_all": (revoke_all_grants, "grants.revoked"),
    "grants.revoke_of_client": (revoke_grants_of_client, "grants.revoked"),
    "grants.revoke_of_user": (revoke_grants_of_person, "grants.revoked"),
    "grants.withdraw": (withdraw_grants, "consent.withdrawn"),
    "grants.void": (void, "grants.revoked"),
    "groups.add": (add_member, "group.member_added"),
    "groups.create": (create_group, "group.created"),
    "groups.delete": (delete_group, "group.deleted"),
    "groups.remove": (remove_member, "group.member_removed"),
    "groups.update": (update_group, "group.changed"),
    "invitations.invite": (invite_person, "user.invited"),
    "invitations.reset_password": (reset_password, "user.reset_offered"),
    "keys.retire": (retire_key, "key.retired"),
    "keys.rotate": (rotate_key, "key.published"),
    "obstacles.unthrottle": (unthrottle_person, "user.unthrottled"),
    "mail.discard": (discard_mail, "mail.discarded"),
    "mail.test": (send_test_mail, "mail.tested"),
    "mail.retry": (retry_mail, "mail.retried"),
    "people.create": (create_person, "user.created"),
    "people.create_administrator": (create_administrator, "user.created"),
    "people.delete": (delete_person, "user.deleted"),
    "people.disable": (disable_person, "user.disabled"),
    "people.end_sessions": (end_sessions, "session.ended"),
    "people.enable": (enable_person, "user.enabled"),
    "people.set_password": (set_password, "user.password_changed"),
    "people.update": (update_person, "user.changed"),
    "personal_tokens.create_for_client": (create_service_token, "personal_token.created"),
    "personal_tokens.create_for_person": (create_personal_token, "personal_token.created"),
    "personal_tokens.revoke_all": (revoke_personal_tokens, "personal_token.revoked"),
    "personal_tokens.revoke": (revoke_personal_token, "personal_token.revoked"),
    "registration_access_tokens.revoke": (revoke_registration_access_token, "client.registration_token_revoked"),
    "registration_access_tokens.rotate": (rotate_registration_access_token, "client.registration_token_rotated"),
    "registration_tokens.create": (create_registration_token, "registration_token.created"),
    "registration_tokens.revoke": (revoke_registration_token, "registration_token.revoked"),
    "mcp.add": (add_mcp_server, "resource.created"),
    "resources.create": (create_resource, "resource.created"),
    "resources.delete": (delete_resource, "resource.deleted"),
    "resources.disable": (disable_resource, "resource.disabled"),
    "resources.enable": (enable_resource, "resource.enabled"),
    "resources.update": (update_resource, "resource.changed"),
    "client_restrictions.restrict_client": (restrict_client, "client.restricted"),
    "restrictions.restrict_scope": (restrict_scope, "scope.restricted"),
    "roles.grant": (grant_role, "role.granted"),
    "roles.revoke": (revoke_role, "role.revoked"),
    "scopes.create": (create_scope, "scope.created"),
    "scopes.delete": (delete_scope, "scope.deleted"),
    "sessions.revoke": (revoke_session, "session.ended"),
    "tokens.revoke": (revoke_token, "token.revoked"),
    "withdrawals.withdraw": (withdraw_invitation, "user.invitation_withdrawn"),
}


def actions() -> Iterator[str]:
    """The functions of the room that are told who does it."""
    for module in pkgutil.iter_modules(iam.administration.__path__):
        found = import_module(f"iam.administration.{module.name}")
        for name, function in inspect.getmembers(found, inspect.iscoroutinefunction):
            ours = function.__module__ == found.__name__ and not name.startswith("_")
            if ours and By in inspect.get_annotations(function).values():
                yield f"{module.name}.{name}"


def test_each_action_has_its_line() -> None:
    assert set(actions()) == set(ACTIONS)


@pytest.mark.parametrize("action", ACTIONS)
async def test_h29_each_action_writes_one_event_of_its_kind(
    server: Server, on: Administration, admin: Any, action: str
) -> None:
    prepare, kind = ACTIONS[action]
    act = await prepare(Desk(on, server, admin.execute))
    admin.execute("truncate audit_events")

    await act()

    admin.execute("select kind, host(address) from audit_events where actor = %s and kind = %s", (BY.actor, kind))
    assert admin.fetchall() == [(kind, BY.address)]
    (told,) = await telling.tell(on, await on.store.audit.events(kind=kind))
    assert told.sentence.startswith(BY.actor)
    assert telling.LEFT_OUT not in told.sentence


def test_no_action_says_itself_who_does_it() -> None:
    for module in pkgutil.iter_modules(iam.administration.__path__):
        known = vars(import_module(f"iam.administration.{module.name}"))
        assert not [name for name, value in known.items() if isinstance(value, By)], module.name
