"""What the actions of the administration are about in tests, what is typed into their forms, and what the audit log says then."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from attrs import field, frozen

from iam.administration import (
    grants,
    groups,
    invitations,
    keys,
    personal_tokens,
    registration_tokens,
    resources,
    roles,
    sessions,
)
from iam.administration.actions.action import Action
from iam.administration.personal_tokens import Wish
from iam.administration.resources import Terms
from iam.administration.roles import Place
from iam.pages.admin.places import address, variables
from iam.records.actor import SERVER
from iam.records.refused_login import THROTTLED
from iam.secrets import minted
from iam.secrets.minted import Kind
from iam.store.buckets import Bucket, Empty
from tests.harness import Server
from tests.pages.conftest import make_account
from tests.pages.factors import add_app
from tests.pages.test_own_sessions import FIREFOX, browser

NOBODY = UUID(int=0)
NIGHTLY = minted.mint(Kind.SERVICE_TOKEN)
API = "https://api.example/box?a=b"
LONG_AGO = datetime.now(UTC).date() - timedelta(days=100)
OVER = LONG_AGO + timedelta(days=62)  # a day on which the month of that day is over


@frozen
class Act:
    """The kind of the row in the audit log, and what is typed; `named` is what the address names besides its variables."""

    kind: str
    typed: Mapping[str, str] = field(factory=dict)
    named: tuple[str, ...] = ()


ACTS: dict[str, Act] = {
    "person.create": Act("user.created", {"username": "carol", "claims": '{"department": "Sales"}'}),
    "person.update": Act("user.changed", {"name": "Alice L."}),
    "person.disable": Act("user.disabled", {"keep_grants": "y"}),
    "person.enable": Act("user.enabled"),
    "person.delete": Act("user.deleted"),
    "person.invite": Act("user.invited", {"username": "dave", "email": "dave@example.org"}),
    "person.reset_password": Act("user.reset_offered"),
    "person.reset_factors": Act("factors.reset"),
    "person.end_sessions": Act("session.ended"),
    "person.set_password": Act("user.password_changed", {"password": "seven wet otters sing"}),
    "person.unthrottle": Act("user.unthrottled"),
    "person.revoke_grants": Act("grants.revoked"),
    "group.create": Act("group.created", {"name": "writers", "description": "Who write"}),
    "group.update": Act("group.changed", {"description": "Who write"}),
    "group.delete": Act("group.deleted"),
    "group.add": Act("group.member_added", {"person": "bob", "owner": "y"}),
    "group.remove": Act("group.member_removed"),
    "role.grant": Act("role.granted", {"role": "support", "person": "alice"}),
    "role.revoke": Act("role.revoked", named=("role", "person")),
    "application.create": Act(
        "client.created", {"client_name": "Blog", "redirect_uris": "https://blog.example/cb\nhttps://blog.example/b"}
    ),
    "application.update": Act("client.changed", {"client_name": "Store", "logo_uri": ""}),
    "application.transfer": Act("client.transferred", {"owner": "alice"}),
    "application.rotate_secret": Act("client.secret_rotated", {"keep": "60"}),
    "application.disable": Act("client.disabled"),
    "application.enable": Act("client.enabled"),
    "application.delete": Act("client.deleted"),
    "application.restrict": Act("client.restricted", {"groups": "readers"}),
    "application.rotate_registration_token": Act("client.registration_token_rotated"),
    "application.revoke_registration_token": Act("client.registration_token_revoked"),
    "application.revoke_grants": Act("grants.revoked"),
    "scope.restrict": Act("scope.restricted", {"groups": "readers"}),
    "scope.create": Act("scope.created", {"name": "box:open", "description": "Open the box", "claims": "box\nlid"}),
    "scope.delete": Act("scope.deleted"),
    "resource.create": Act(
        "resource.created", {"resource": "https://other.example", "scopes": "read", "lifetime": "60"}
    ),
    "resource.update": Act("resource.changed", {"lifetime": "60", "scopes": "read\nwrite"}),
    "resource.disable": Act("resource.disabled"),
    "resource.enable": Act("resource.enabled"),
    "resource.delete": Act("resource.deleted"),
    "resource.add_mcp": Act("resource.created", {"resource": "https://tools.example/mcp", "scopes": "read"}),
    "key.rotate": Act("key.published", {"alg": "ES256"}),
    "key.retire": Act("key.retired"),
    "session.revoke": Act("session.ended"),
    "grant.revoke": Act("grant.revoked"),
    "grant.revoke_all": Act("grants.revoked"),
    "token.create": Act("personal_token.created", {"user": "alice", "name": "backup", "scope": "read"}),
    "grant.withdraw": Act("consent.withdrawn", named=("user", "client")),
    "token.revoke_all": Act("personal_token.revoked", named=("user",)),
    "token.revoke": Act("personal_token.revoked"),
    "token.revoke_text": Act("personal_token.revoked", {"text": NIGHTLY}),
    "invitation.withdraw": Act("user.invitation_withdrawn"),
    "mail.retry": Act("mail.retried"),
    "mail.discard": Act("mail.discarded"),
    "mail.test": Act("mail.tested"),
    "event.prune": Act("audit.pruned", {"before": str(OVER)}),
    "registration_token.create": Act("registration_token.created", {"uses": "3", "expires_at": "2100-01-01"}),
    "registration_token.revoke": Act("registration_token.revoked"),
}


async def world(server: Server) -> dict[str, dict[str, str]]:
    """Something of every noun that has actions on one, with what names it."""
    on = server.application.administration
    alice = await make_account(server, "alice", "alice@example.org")
    person, app = await server.person("bob"), await server.app()
    group = await groups.create(on, "readers", "Who read", SERVER)
    await groups.add(on, "readers", "alice", SERVER)
    await roles.grant(on, "auditor", Place("bob", None, None), SERVER)
    await resources.create(on, API, Terms(), SERVER)
    await server.tokens(app, person)
    client, user = await server.store.clients.read(app.client_id), await server.store.users.by_username("bob")
    assert client
    assert user
    await personal_tokens.create_for_client(on, client, Wish("nightly", ["read"]), SERVER, text=NIGHTLY)
    made = await personal_tokens.create_for_person(on, user, Wish("backup", ["read"]), SERVER)
    initial, _ = await registration_tokens.create(on, ["read"], 3, None, SERVER)
    await invitations.invite(on, "erin", SERVER, email="erin@example.org")
    (mail,) = await server.store.posted_mails.page(server.now(), None, NOBODY, 1)
    (link,) = await server.store.invitations.page(server.now(), None, NOBODY, 1)
    ((session, *_), (grant, *_)) = await sessions.list_living(on, user), await grants.list_living(on, user)
    return {
        "people": {"person": str(alice)},
        "groups": {"group": str(group.id), "person": str(alice)},
        "roles": {"role": "auditor", "person": str(person.user_id)},
        "applications": {"application": app.client_id},
        "scopes": {"scope": "write"},
        "resources": {"resource": API},
        "keys": {"kid": next(key.kid for key, state in await keys.list_states(on) if state == keys.ACTIVE)},
        "sessions": {"session": str(session.id)},
        "grants": {"grant": str(grant.id), "user": "bob", "client": app.client_id},
        "tokens": {"token": str(made.token.id), "user": "bob"},
        "registration-tokens": {"token": str(initial.id)},
        "invitations": {"invitation": str(link.id)},
        "mail": {"mail": str(mail.id)},
        "settings": {"setting": "port"},
        "refusals": {},
        "audit": {},
    }


def path_of(action: Action[Any, Any], found: Mapping[str, Mapping[str, str]]) -> str:
    """The address of the page of an action on what was found."""
    wanted = (*variables(action), *ACTS[action.name].named)
    return address(action, {name: found[action.noun][name] for name in wanted})


async def arrange(server: Server, name: str) -> None:
    """What the action changes is as it has to be."""
    on, now = server.application.administration, server.now()
    alice = await server.store.users.by_username("alice")
    assert alice is not None
    if name == "person.enable":
        await server.store.users.disable(alice.id, now, SERVER)
    if name == "mail.test":
        await server.store.database.query(
            "update users set email = 'eve@example.org', email_key = 'eve@example.org', email_verified = true"
            " where superuser"
        )
    if name == "person.reset_factors":
        await add_app(server, alice.id)
    if name == "person.unthrottle":
        empty = Empty(Bucket("login account", str(alice.id), 10, 60), 60.0)
        server.store.refused_logins.add(alice.id, THROTTLED, "192.0.2.1", [empty])
        await server.store.refused_logins.flush()
    if name == "person.end_sessions":
        await browser(server, "alice", FIREFOX)
    if name == "application.enable":
        (*_, client) = await server.store.clients.all()
        await server.store.clients.set_disabled(client.id, now, SERVER, disabled=True, own=False)
    if name.endswith("_registration_token"):
        (*_, client) = await server.store.clients.all()
        itself = "update clients set registration_digest = %(digest)s where id = %(id)s returning moment(%(now)s)"
        await server.store.database.query(itself, {"digest": minted.digest("x"), "id": client.id, "now": now})
        server.store.clients.forget(client.id)
    if name == "event.prune":
        await server.store.database.query("select tend_partitions('audit_events', %(day)s, 0, 0)", {"day": LONG_AGO})
    if name == "resource.enable":
        await resources.disable(on, API, SERVER)
