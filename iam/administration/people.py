"""People's accounts, and who is an administrator."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from attrs import evolve, field, frozen

from iam.administration.administration import Administration
from iam.administration.ending import count_grants
from iam.administration.losses import MOST, Losses, Section, count, try_in_time
from iam.administration.sessions import list_page
from iam.people import names, profiles
from iam.people.profiles import Profile
from iam.records.actor import By
from iam.records.invalid import Invalid, Missing
from iam.records.role import Role
from iam.records.user import User
from iam.store.administrators import LastAdministrator
from iam.store.own_sessions import NO_SESSION
from iam.store.roles import Holder


@frozen
class ProfileChange:
    """The changes to make to an account; None keeps the value."""

    email: str | None = None
    name: str | None = None
    email_verified: bool | None = None
    claims: Mapping[str, object] = field(factory=dict)  # in addition to the existing ones
    removed_claims: Sequence[str] = ()
    superuser: bool | None = None

    def apply(self, profile: Profile) -> Profile:
        """Returns the changed profile. A new address counts as unverified, unless `email_verified` is set."""
        if self.email is not None:
            profile = profiles.move(profile, self.email)
        kept = {claim: value for claim, value in profile.claims.items() if claim not in self.removed_claims}
        return evolve(
            profile,
            name=profile.name if self.name is None else self.name,
            email_verified=profile.email_verified if self.email_verified is None else self.email_verified,
            claims=kept | dict(self.claims),
        )


async def find(on: Administration, name: str) -> User:
    """Returns the person with this id or else this username. Raises Invalid if there is none."""
    if "\0" in name:
        raise missing(name)
    user = await find_by_id(on, name) or await on.store.users.by_username(names.username_key(name))
    if user is None:
        raise missing(name)
    return user


async def find_by_id(on: Administration, text: str) -> User | None:
    """Returns the person with this id; None if the text is no UUID or nobody has it."""
    try:
        user_id = UUID(text)
    except ValueError:
        return None
    return await on.store.users.by_id(user_id)


async def create(
    on: Administration,
    *,
    username: str,
    email: str | None = None,
    name: str = "",
    claims: Mapping[str, object] | None = None,
    email_verified: bool = False,
    password: str | None = None,
    password_hash: str | None = None,
    by: By,
) -> User:
    """Creates a person's account; without a password, or its hash by another program, nobody can log in to it.

    Raises Invalid.
    """
    user_id = await on.people.create(
        username=username,
        email=email,
        name=name,
        claims=claims,
        email_verified=email_verified,
        password=password,
        password_hash=password_hash,
        by=by,
    )
    return await find(on, str(user_id))


async def create_administrator(
    on: Administration, *, username: str, email: str, password: str, setup: bytes | None = None, by: By
) -> User:
    """Creates an administrator's account. Raises Invalid.

    `setup` is the digest of a setup link, which must still be good.
    """
    user_id = await on.people.create_superuser(username=username, email=email, password=password, setup=setup, by=by)
    return await find(on, str(user_id))


async def update(on: Administration, name: str, change: ProfileChange, by: By) -> User:
    """Changes an account's profile, and whether the person is an administrator. Raises Invalid."""
    user = await find(on, name)
    if change.superuser is False:
        await refuse_by_group(on, user)
    profile = change.apply(profiles.of(user))
    await profiles.change(on.store.users, on.clock, user, profile, by, superuser=change.superuser)
    return await find(on, str(user.id))


async def set_password(on: Administration, name: str, password: str, by: By, *, keep_grants: bool = False) -> User:
    """Sets a person's new password; ends their sessions and, unless kept, everything they granted. Raises Invalid."""
    user = await find(on, name)
    await on.people.set_password(user.id, password, keep_grants=keep_grants, by=by)
    return await find(on, str(user.id))


async def disable(on: Administration, name: str, by: By, *, keep_grants: bool = False) -> User:
    """Disables a person's account: their sessions and everything they granted end, for good.

    With `keep_grants` the grants stay, but do not work until the person is enabled. Raises Invalid if there is no such
    person, and for the last administrator.
    """
    user = await find(on, name)
    await on.store.users.disable(user.id, on.clock.now(), by, keep_grants=keep_grants)
    return await find(on, str(user.id))


async def enable(on: Administration, name: str, by: By) -> User:
    """Enables a person's account. Raises Invalid if there is no such person."""
    user = await find(on, name)
    await on.store.users.enable(user.id, on.clock.now(), by)
    return await find(on, str(user.id))


async def delete(on: Administration, name: str, by: By) -> User:
    """Deletes a person's account, sessions and consents, and ends everything they granted; returns who it was.

    Raises Invalid if there is no such person, and for the last administrator.
    """
    user = await find(on, name)
    if not await on.store.users.delete(user.id, on.clock.now(), by):
        raise missing(name)
    return user


async def end_sessions(on: Administration, name: str, by: By) -> int:
    """Ends all sessions of a person; returns how many. Raises Missing if there is no such person."""
    user = await find(on, name)
    return await on.store.own_sessions.end_all(user.id, on.clock.now(), by)


async def count_losses_of_disabling(on: Administration, name: str, *, keep_grants: bool = False) -> Losses:
    """Returns what ends when a person is disabled. Raises Invalid, also for the last administrator."""
    user = await find_removable(on, name)
    return Losses(f"Disable {user.username}?", [await count_ending(on, user, keep_grants=keep_grants)])


async def count_losses_of_password(on: Administration, name: str, *, keep_grants: bool = False) -> Losses:
    """Returns what ends when a person gets another password. Raises Invalid if there is no such person."""
    user = await find(on, name)
    ending = await count_ending(on, user, keep_grants=keep_grants)
    return Losses(f"Set another password of {user.username}?", [ending])


async def count_losses_of_deleting(on: Administration, name: str) -> Losses:
    """Returns what ends when a person is deleted. Raises Invalid, also for the last administrator."""
    user = await find_removable(on, name)
    owned = [client.name for client in await on.store.clients.owned_by(user.id)]
    staying = count(owned, "application", str)
    left = [Section("These stay, and belong to nobody then:", staying)] if staying else []
    return Losses(f"Delete {user.username}, for good?", [await count_ending(on, user), *left], for_good=True)


async def count_ending(on: Administration, user: User, *, keep_grants: bool = False) -> Section:
    """Returns the person's living sessions and, unless they are kept, grants."""
    items = count(await try_in_time(list_page(on, user, NO_SESSION, MOST + 1)), "session")
    items += [] if keep_grants else await count_grants(on, user_id=user.id)
    return Section(f"This ends of {user.username}:", items or ["nothing that is in use"])


async def find_removable(on: Administration, name: str) -> User:
    """Returns the person. Raises Invalid if there is none, or for the last administrator.

    The statement that disables or deletes them checks this again.
    """
    user = await find(on, name)
    if await on.store.users.last_administrator(user.id):
        raise LastAdministrator
    return user


async def refuse_by_group(on: Administration, user: User) -> None:
    """Raises Invalid if the person is an administrator by a group, which an account does not change."""
    for group in await on.store.groups.of_person(user.id):
        if Role.ADMINISTRATOR in [
            each.role for each in await on.store.roles.given(Holder(group_id=group.id), server=True)
        ]:
            raise Invalid({"superuser": f"{user.username} is an administrator by the group {group.name}."})


def missing(name: str) -> Missing:
    """Returns the error for a person who does not exist."""
    return Missing({"user": f"There is no person {name}."})
