"""Grants: what a person, or a client for itself, allowed once; codes and tokens end with them."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from iam.administration import clients, people
from iam.administration.administration import Administration
from iam.administration.losses import Losses, Section, count, try_in_time
from iam.records.actor import By
from iam.records.grant import Grant
from iam.records.invalid import Invalid
from iam.records.user import User
from iam.secrets import minted


async def list_living(on: Administration, user: User | None = None, client_id: str | None = None) -> list[Grant]:
    """The grants that live: of everybody, or of this person, of this client."""
    return await on.store.grants.living(on.clock.now(), user_id=user.id if user else None, client_id=client_id)


async def count_losses(on: Administration, grant_id: UUID) -> Losses | None:
    """Who gave what to whom; None where the grant does not live."""
    for grant in await try_in_time(list_living(on)) or ():
        if grant.id == grant_id:
            giver = grant.username or "nobody, for itself"
            return Losses(
                f"Revoke the grant {grant_id}?", [Section(f"{grant.client_name} has it of {giver}: {grant.scope}")]
            )
    return None


async def count_losses_of_user(on: Administration, name: str) -> Losses:
    """What a person granted. Raises Invalid where there is nobody."""
    user = await people.find(on, name)
    grants = await try_in_time(list_living(on, user))
    return Losses(f"Revoke all grants of {user.username}?", [count_ending(grants)])


async def count_losses_of_client(on: Administration, client_id: str) -> Losses:
    """What a client was granted. Raises Invalid where there is none."""
    await clients.find(on, client_id)
    grants = await try_in_time(list_living(on, client_id=client_id))
    return Losses(
        f"Revoke all grants of the client {client_id}?", [count_ending(grants, by=lambda grant: grant.username)]
    )


async def count_losses_of_all(on: Administration) -> Losses:
    """What anybody granted."""
    return Losses("Revoke all grants of everybody?", [count_ending(await try_in_time(list_living(on)))])


async def count_losses_of_void(on: Administration) -> Losses:
    """What anybody granted, and all sessions."""
    sections = [
        count_ending(await try_in_time(list_living(on))),
        Section("All sessions end: everybody has to log in again."),
    ]
    return Losses("Void all that was issued until now?", sections)


async def revoke(on: Administration, grant_id: UUID, by: By) -> None:
    """End a grant, with every code and token under it; a client's own begins anew. Raises Invalid where none has this id."""
    if not await on.store.grants.revoke(grant_id, minted.identifier(), on.clock.now(), by):
        raise Invalid({"grant": f"There is no grant {grant_id}, or it has ended already."})


async def revoke_of_user(on: Administration, name: str, by: By) -> None:
    """End all that a person granted so far. Raises Invalid where there is nobody."""
    user = await people.find(on, name)
    if not await on.store.grants.revoke_of_user(user.id, on.clock.now(), by):
        raise people.missing(name)


async def revoke_of_client(on: Administration, client_id: str, by: By) -> None:
    """End all that a client was granted so far. Raises Invalid where there is none."""
    if not await on.store.grants.revoke_of_client(client_id, on.clock.now(), by):
        raise clients.missing(client_id)


async def revoke_all(on: Administration, by: By) -> None:
    """End all that anybody was granted so far."""
    await on.store.grants.revoke_all(on.clock.now(), by)


async def void(on: Administration, by: By) -> tuple[datetime, int]:
    """Void all that was issued until now, as after a backup was restored; since when, and how many sessions that ended.

    A code or refresh token that was redeemed after the backup was made would be good a second time, a token revoked since
    would be good again, and who logged out would be logged in.
    """
    now = on.clock.now()
    return now, await on.store.grants.revoke_all(now, by, log_out=True)


def count_ending(
    grants: list[Grant] | None, by: Callable[[Grant], str | None] = lambda grant: grant.client_name
) -> Section:
    """The grants that end, by whom they were given to, or by another name."""
    return Section("This ends:", count(grants, "grant", by) or ["nothing that is in use"])
