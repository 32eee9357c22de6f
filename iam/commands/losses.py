"""What goes with something that is destroyed, in lines for a person."""

from datetime import timedelta
from uuid import UUID

from iam.administration.administration import Administration
from iam.commands.confirming import all_counted, counted, in_time
from iam.records.client import Client
from iam.records.user import User


async def of_person(on: Administration, user: User, *, keep_grants: bool = False) -> list[str]:
    """What ends with a person who is locked out."""
    now = on.clock.now()
    idle_since = now - timedelta(seconds=on.settings.session_idle)
    sessions = await in_time(on.store.sessions.living(now, idle_since, user_id=user.id))
    grants = [] if keep_grants else await in_time(on.store.grants.living(now, user_id=user.id))
    ending = all_counted(sessions, "session") + all_counted(grants, "grant", "client_name")
    return [f"This ends of {user.username}:", *indented(ending or ["nothing that is in use"])]


async def of_account(on: Administration, user: User) -> list[str]:
    """What goes with a person's account."""
    owned = await on.store.clients.owned_by(user.id)
    staying = all_counted(owned, "application", "name")
    left = ["These stay, and belong to nobody then:", *indented(staying)] if staying else []
    return [*await of_person(on, user), *left]


async def of_client(on: Administration, client: Client) -> list[str]:
    """What ends with a client."""
    grants = await in_time(on.store.grants.living(on.clock.now(), client_id=client.id))
    resources = [uri for uri, each in (await on.store.resources.by_uri()).items() if each.client_id == client.id]
    ending = all_counted(grants, "grant", "username")
    ending += counted(len(resources), "resource that it can introspect tokens for no longer", resources)
    return [f"This ends of the client {client.name} ({client.id}):", *indented(ending or ["nothing that is in use"])]


async def of_grants(on: Administration, user_id: UUID | None = None, client_id: str | None = None) -> list[str]:
    """What was granted, by a person, to a client, or in all."""
    grants = await in_time(on.store.grants.living(on.clock.now(), user_id=user_id, client_id=client_id))
    name = "client_name" if client_id is None else "username"
    return ["This ends:", *indented(all_counted(grants, "grant", name) or ["nothing that is in use"])]


async def of_grant(on: Administration, grant_id: UUID) -> list[str]:
    """What one grant is."""
    grants = await in_time(on.store.grants.living(on.clock.now()))
    return [
        f"{grant.client_name} has it of {grant.username or 'nobody, for itself'}: {grant.scope}"
        for grant in grants or ()
        if grant.id == grant_id
    ]


async def of_session(on: Administration, session_id: UUID) -> list[str]:
    """Whose session it is."""
    now = on.clock.now()
    idle_since = now - timedelta(seconds=on.settings.session_idle)
    living = await on.store.sessions.living(now, idle_since)
    return [f"{each.username} is logged in with it." for each in living if each.id == session_id]


def indented(lines: list[str]) -> list[str]:
    """The lines below a heading."""
    return [f"  {line}" for line in lines]
