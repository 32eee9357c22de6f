"""Roles on this server and in applications: to whom they are given."""

from typing import Final
from uuid import UUID

from attrs import frozen

from iam.administration import clients, groups, people
from iam.administration.administration import Administration
from iam.administration.groups import NOT_ONESELF
from iam.administration.losses import Losses, Section
from iam.people import names
from iam.records.actor import By
from iam.records.invalid import Invalid, complain
from iam.records.role import Role, RoleGrant
from iam.store.roles import ANYBODY, Holder

LONGEST: Final = 64  # characters of the name of an application's role


@frozen
class Place:
    """What a role is about: the person `user` or the group `group`, on this server or in the application `client`."""

    user: str | None = None
    group: str | None = None
    client: str | None = None


async def grant(on: Administration, role: str, to: Place, by: By) -> None:
    """Gives a role on this server, or in an application. Raises Invalid, also if it would be given to oneself."""
    role = role.strip()
    complain(role=complaint(role, to.client))
    client_id, holder, _ = await find(on, to)
    await refuse_raising(on, holder, by.user_id)
    if not await on.store.roles.grant(role, client_id, holder, on.clock.now(), by):
        raise Invalid({"role": f"{to.user or to.group} has the role {role} already."})


async def revoke(on: Administration, role: str, of: Place, by: By) -> None:
    """Takes a role away. Raises Invalid, also if it was not given, or if nobody would administer this server then."""
    client_id, holder, name = await find(on, of)
    if not await on.store.roles.revoke(role.strip(), client_id, holder, on.clock.now(), by):
        raise not_given(name, role)


async def list_given(on: Administration, of: Place) -> list[RoleGrant]:
    """Returns the roles that are given: all, or those of a person, a group or an application. Raises Invalid."""
    client_id, holder, _ = await find(on, of)
    return await on.store.roles.given(holder, client_id)


async def count_losses(on: Administration, role: str, of: Place) -> Losses | None:
    """Returns who loses a role on this server; None for a role in an application. Raises Invalid."""
    client_id, holder, name = await find(on, of)
    if client_id is not None:
        return None
    if holder.group_id is None:
        return Losses(f"Take the role {role} from {name}?", [])
    members = await groups.count_members(on, await groups.find(on, str(holder.group_id)))
    section = Section("They lose it, unless they have it otherwise:", members or ["nobody: the group has no members"])
    return Losses(f"Take the role {role} from the group {name}?", [section])


async def find(on: Administration, place: Place) -> tuple[str | None, Holder, str]:
    """Returns client id, holder and the holder's name. Raises Invalid if one of them does not exist."""
    client = await clients.find(on, place.client) if place.client is not None else None
    client_id = client.id if client else None
    if place.user is not None:
        user = await people.find(on, place.user)
        return client_id, Holder(user_id=user.id), user.username
    if place.group is not None:
        group = await groups.find(on, place.group)
        return client_id, Holder(group_id=group.id), group.name
    return client_id, ANYBODY, ""


async def refuse_raising(on: Administration, holder: Holder, actor: UUID | None) -> None:
    """Raises Invalid if the acting person gives a role to themselves, or to a group that they are in."""
    if actor is None:
        return
    if actor == holder.user_id or holder.group_id in {group.id for group in await on.store.groups.of_person(actor)}:
        raise Invalid({"role": NOT_ONESELF})


def not_given(name: str, role: str) -> Invalid:
    """Returns the error for a role that this person or group was not given."""
    return Invalid({"role": f"{name} was not given the role {role}."})


def complaint(role: str, client: str | None) -> str | None:
    """Returns what is wrong with the name of a role on this server, or of one in an application, or None."""
    if client is None:
        known = [each.value for each in Role]
        return None if role in known else f"Give one of the roles {', '.join(known)}, or name an application."
    if not role or len(role) > LONGEST:
        return f"Give the role a name of 1 to {LONGEST} characters."
    return names.name_complaint(role)
