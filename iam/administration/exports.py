"""The export of an account: all that is known of its person here, and no secret."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from iam.administration.administration import Administration
from iam.people.factors.factors import Factors
from iam.records.activity import Activity
from iam.records.actor import By
from iam.records.allowed import Allowed
from iam.records.client import Client
from iam.records.group import Group
from iam.records.own_session import OwnSession
from iam.records.personal_token import Owner, PersonalToken
from iam.records.remembered_browser import RememberedBrowser
from iam.records.role import RoleGrant
from iam.records.user import User
from iam.store.roles import Holder

MOST_ACTIVITY: Final = 10_000  # events, the latest

Document = Mapping[str, object]


async def export(on: Administration, factors: Factors, user_id: UUID, by: By) -> Document | None:
    """Returns what is known of a person, and notes that they took it; None if there is no such person."""
    now, store = on.clock.now(), on.store
    user = await store.users.by_id(user_id)
    if user is None:
        return None
    await store.exports.note(user_id, now, by)
    groups = await store.groups.of_person(user_id)
    idle_since = now - timedelta(seconds=on.settings.session_idle)
    return {
        "issuer": on.settings.issuer,
        "exported_at": now.isoformat(),
        "account": of_user(user),
        "allowed_applications": list(map(of_allowed, await store.consents.of_person(user_id, now))),
        "sessions": list(map(of_session, await store.own_sessions.of_person(user_id, now, idle_since))),
        "remembered_browsers": list(map(of_browser, await store.remembered_browsers.of_person(user_id, now))),
        "groups": [group.name for group in groups],
        "roles": [of_role(each) for holder in holders(user_id, groups) for each in await store.roles.given(holder)],
        "applications": list(map(of_client, await store.clients.owned_by(user_id))),
        "access_tokens": list(map(of_token, await store.personal_tokens.living(now, owner=Owner(user_id=user_id)))),
        "second_factors": [factor.label for factor in await factors.of(user_id)],
        "activity": [of_activity(each, user_id) for each in await store.activities.of_person(user_id, MOST_ACTIVITY)],
    }


def of_user(user: User) -> Document:
    """Returns the profile and the claims."""
    return {
        "id": str(user.id),
        "username": user.username,
        "name": user.name,
        "email": user.email,
        "email_verified": user.email_verified,
        "administrator": user.superuser,
        "created_at": user.created_at.isoformat(),
        "updated_at": user.updated_at.isoformat(),
        "claims": dict(user.claims),
    }


def of_allowed(allowed: Allowed) -> Document:
    """Returns what the person allowed an application."""
    return {
        "client_id": allowed.client_id,
        "name": allowed.client_name,
        "scopes": list(allowed.scopes),
        "resources": {uri: list(names) for uri, names in allowed.resources.items() if uri},
        "allowed_at": allowed.granted_at.isoformat(),
        "last_access": written(allowed.used_at),
    }


def of_session(session: OwnSession) -> Document:
    """Returns where the person is logged in."""
    return {
        "browser": session.user_agent,
        "address": session.address,
        "logged_in_at": session.since.isoformat(),
        "seen_at": session.seen_at.isoformat(),
        "remembered": session.remembered,
    }


def of_browser(browser: RememberedBrowser) -> Document:
    """Returns a browser in which the second factor is not asked for."""
    return {"browser": browser.user_agent, "since": browser.since.isoformat(), "until": browser.until.isoformat()}


def holders(user_id: UUID, groups: Iterable[Group]) -> Iterator[Holder]:
    """Yields those whose roles a person has: themselves, and their groups."""
    yield Holder(user_id=user_id)
    yield from (Holder(group_id=group.id) for group in groups)


def of_role(given: RoleGrant) -> Document:
    """Returns a role that the person has, where they have it, and by which group, if so."""
    return {"role": given.role, "client_id": given.client_id, "group": given.group_name}


def of_client(client: Client) -> Document:
    """Returns an application that the person registered."""
    return {
        "client_id": client.id,
        "name": client.name,
        "redirect_uris": list(client.redirect_uris),
        "scopes": list(client.scopes),
        "created_at": client.created_at.isoformat(),
    }


def of_token(token: PersonalToken) -> Document:
    """Returns a token of the person's own, without its text, which nobody has."""
    return {
        "name": token.name,
        "scope": token.scope,
        "resources": list(token.resources),
        "created_at": token.created_at.isoformat(),
        "expires_at": token.expires_at.isoformat(),
        "last_use": written(token.used_at),
    }


def of_activity(activity: Activity, user_id: UUID) -> Document:
    """Returns an event of the audit log; the address of somebody else is left out."""
    return {
        "at": activity.at.isoformat(),
        "kind": activity.kind,
        "client_id": activity.client_id,
        "address": activity.address_for(user_id),
    }


def written(moment: datetime | None) -> str | None:
    """Returns a moment as text, or None."""
    return moment.isoformat() if moment else None
