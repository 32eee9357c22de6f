"""Grants: what a person allowed a client, or what a client may do for itself; codes and tokens end with them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from iam.administration import clients, people
from iam.administration.administration import Administration
from iam.administration.ending import count_grants
from iam.administration.losses import Losses, Section
from iam.records.actor import By
from iam.records.grant import Grant
from iam.records.invalid import Invalid, Missing
from iam.records.user import User
from iam.secrets import minted

NOTHING: Final = "{user} has allowed {client} nothing."


async def list_living(on: Administration, user: User | None = None, client_id: str | None = None) -> list[Grant]:
    """Returns the living grants: all of them, or those of this person or this client."""
    return await on.store.grants.living(on.clock.now(), user_id=user.id if user else None, client_id=client_id)


async def list_page(
    on: Administration, user: User | None, client_id: str | None, after: UUID, limit: int
) -> list[Grant]:
    """Returns the living grants in the order of their ids behind `after`; `limit` at most, of all or of whom is named."""
    user_id = user.id if user else None
    return await on.store.grants.page(on.clock.now(), after, limit, user_id=user_id, client_id=client_id)


async def count_losses(on: Administration, grant_id: UUID) -> Losses | None:
    """Returns the client, giver and scope of a grant; None if it does not live."""
    for grant in await on.store.grants.living(on.clock.now(), grant_id=grant_id):
        giver = grant.username or "nobody, for itself"
        return Losses(f"Revoke the grant {grant_id}?", [Section(f"{grant.name} got it from {giver}: {grant.scope}")])
    return None


async def count_losses_of_user(on: Administration, name: str) -> Losses:
    """Returns this person's living grants. Raises Invalid if there is no such person."""
    user = await people.find(on, name)
    return Losses(f"Revoke all grants of {user.username}?", [ending(await count_grants(on, user_id=user.id))])


async def count_losses_of_client(on: Administration, client_id: str) -> Losses:
    """Returns this client's living grants. Raises Invalid if there is no such client."""
    await clients.find(on, client_id)
    items = await count_grants(on, lambda grant: grant.username, client_id=client_id)
    return Losses(f"Revoke all grants of the client {client_id}?", [ending(items)])


async def count_losses_of_all(on: Administration) -> Losses:
    """Returns all living grants."""
    return Losses("Revoke all grants of everybody?", [ending(await count_grants(on))])


async def count_losses_of_void(on: Administration) -> Losses:
    """Returns all living grants, and says that all sessions and initial access tokens end."""
    sections = [
        ending(await count_grants(on)),
        Section("All sessions end: everybody has to log in again."),
        Section("All initial access tokens end: nobody can register a client with them any more."),
    ]
    return Losses("Void all that was issued until now?", sections)


async def find_giver(on: Administration, grant_id: UUID) -> UUID | None:
    """Returns who gave this grant, None being the client itself. Raises Missing."""
    found = await on.store.grants.giver(grant_id)
    if found is None:
        raise missing(grant_id)
    return found[0]


async def revoke(on: Administration, grant_id: UUID, by: By) -> None:
    """Revokes a grant with every code and token under it. Raises Invalid if there is no such grant, or it has ended.

    A client's own grant is replaced by a new one without tokens.
    """
    if not await on.store.grants.revoke(grant_id, minted.identifier(), on.clock.now(), by):
        raise missing(grant_id)


async def revoke_of_user(on: Administration, name: str, by: By) -> None:
    """Ends everything a person granted until now. Raises Invalid if there is no such person."""
    user = await people.find(on, name)
    if not await on.store.grants.revoke_of_user(user.id, on.clock.now(), by):
        raise people.missing(name)


async def withdraw(on: Administration, name: str, client_id: str, by: By) -> None:
    """Ends what a person allowed a client, as they do it themselves: they are asked again. Raises Invalid."""
    user, client = await people.find(on, name), await clients.find(on, client_id)
    if not await on.store.consents.withdraw(user.id, on.clock.now(), by, client_id=client.id):
        raise Invalid({"client": NOTHING.format(user=user.username, client=client.name)})


async def count_losses_of_both(on: Administration, name: str, client_id: str) -> Losses:
    """Returns what this person allowed this client. Raises Invalid if there is no such person or client."""
    user, client = await people.find(on, name), await clients.find(on, client_id)
    items = await count_grants(on, lambda grant: grant.scope, user_id=user.id, client_id=client.id)
    return Losses(f"End what {user.username} allowed {client.name}?", [ending(items)])


async def revoke_of_client(on: Administration, client_id: str, by: By) -> None:
    """Ends everything a client was granted until now. Raises Invalid if there is no such client."""
    if not await on.store.grants.revoke_of_client(client_id, on.clock.now(), by):
        raise clients.missing(client_id)


async def revoke_all(on: Administration, by: By) -> None:
    """Ends everything granted to any client until now."""
    await on.store.grants.revoke_all(on.clock.now(), by)


async def void(on: Administration, by: By) -> tuple[datetime, int]:
    """Voids everything issued until now, for a restored backup; returns the moment, and how many sessions ended.

    Without this, a code or refresh token redeemed after the backup could be used again, a token revoked since would
    work again, and people who logged out would be logged in. Initial access tokens are revoked too, and links in mail;
    mail that waits is not sent, since it was sent before.
    """
    now = on.clock.now()
    return now, await on.store.grants.revoke_all(now, by, log_out=True)


def missing(grant_id: UUID) -> Missing:
    """Returns the error for a grant that does not exist."""
    return Missing({"grant": f"There is no grant {grant_id}, or it has ended already."})


def ending(items: Sequence[str]) -> Section:
    """Returns the section of what ends."""
    return Section("This ends:", items or ["nothing that is in use"])
