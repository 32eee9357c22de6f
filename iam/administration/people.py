"""People: their accounts, and who administers."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from attrs import evolve, field, frozen

from iam.administration.administration import Administration
from iam.administration.losses import Losses, Section, count, try_in_time
from iam.administration.sessions import list_living
from iam.people import names, profiles
from iam.people.profiles import Profile
from iam.records.actor import By
from iam.records.invalid import Invalid
from iam.records.user import User
from iam.store.users import LastAdministrator


@frozen
class ProfileChange:
    """What is to be different about an account; None: it stays."""

    email: str | None = None
    name: str | None = None
    email_verified: bool | None = None
    claims: Mapping[str, object] = field(factory=dict)  # beside those there are
    removed_claims: Sequence[str] = ()
    superuser: bool | None = None

    def apply(self, profile: Profile) -> Profile:
        """The profile with the change. A new address counts as unverified, unless it is said to be theirs."""
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
    """The person with this id, or with this username, which may look like an id. Raises Invalid where there is nobody."""
    user = await find_by_id(on, name) or await on.store.users.by_username(names.username_key(name))
    if user is None:
        raise missing(name)
    return user


async def find_by_id(on: Administration, text: str) -> User | None:
    """The person with this id, if it is one."""
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
    by: By,
) -> User:
    """Make a person's account; without a password nobody can log in to it. Raises Invalid."""
    user_id = await on.people.create(
        username=username,
        email=email,
        name=name,
        claims=claims,
        email_verified=email_verified,
        password=password,
        by=by,
    )
    return await find(on, str(user_id))


async def create_administrator(
    on: Administration, *, username: str, email: str, password: str, setup: bytes | None = None, by: By
) -> User:
    """Make an administrator's account; with `setup`, the digest of a setup link, that must still be good. Raises Invalid."""
    user_id = await on.people.create_superuser(username=username, email=email, password=password, setup=setup, by=by)
    return await find(on, str(user_id))


async def update(on: Administration, name: str, change: ProfileChange, by: By) -> User:
    """Change what an account says of its person, and whether they administer. Raises Invalid."""
    user = await find(on, name)
    profile = change.apply(profiles.of(user))
    await profiles.change(on.store.users, on.clock, user, profile, by, superuser=change.superuser)
    return await find(on, str(user.id))


async def set_password(on: Administration, name: str, password: str, by: By, *, keep_grants: bool = False) -> User:
    """Give a person a new password: their sessions end and, unless they are kept, all that they granted. Raises Invalid."""
    user = await find(on, name)
    await on.people.set_password(user.id, password, keep_grants=keep_grants, by=by)
    return await find(on, str(user.id))


async def disable(on: Administration, name: str, by: By, *, keep_grants: bool = False) -> User:
    """Lock a person out: their sessions end, and all that they granted, for good; grants that are kept rest meanwhile.

    Raises Invalid where there is nobody, and for the last administrator.
    """
    user = await find(on, name)
    await on.store.users.disable(user.id, on.clock.now(), by, keep_grants=keep_grants)
    return await find(on, str(user.id))


async def enable(on: Administration, name: str, by: By) -> User:
    """Let a person in again. Raises Invalid where there is nobody."""
    user = await find(on, name)
    await on.store.users.enable(user.id, on.clock.now(), by)
    return await find(on, str(user.id))


async def delete(on: Administration, name: str, by: By) -> User:
    """Delete a person's account, sessions and consents, and end all that they granted; who it was.

    Raises Invalid where there is nobody, and for the last administrator.
    """
    user = await find(on, name)
    if not await on.store.users.delete(user.id, on.clock.now(), by):
        raise missing(name)
    return user


async def count_losses_of_disabling(on: Administration, name: str, *, keep_grants: bool = False) -> Losses:
    """What ends with a person who is locked out. Raises Invalid before anybody is asked, for the last administrator too."""
    user = await find_removable(on, name)
    return Losses(f"Disable {user.username}?", [await count_ending(on, user, keep_grants=keep_grants)])


async def count_losses_of_deleting(on: Administration, name: str) -> Losses:
    """What goes with a person's account. Raises Invalid before anybody is asked, for the last administrator too."""
    user = await find_removable(on, name)
    owned = [client.name for client in await on.store.clients.owned_by(user.id)]
    staying = count(owned, "application", str)
    left = [Section("These stay, and belong to nobody then:", staying)] if staying else []
    return Losses(f"Delete {user.username}, for good?", [await count_ending(on, user), *left], for_good=True)


async def count_ending(on: Administration, user: User, *, keep_grants: bool = False) -> Section:
    """What is in use of a person's, and ends."""
    sessions = await try_in_time(list_living(on, user))
    grants = [] if keep_grants else await try_in_time(on.store.grants.living(on.clock.now(), user_id=user.id))
    items = count(sessions, "session")
    items += count(grants, "grant", lambda grant: grant.client_name)
    return Section(f"This ends of {user.username}:", items or ["nothing that is in use"])


async def find_removable(on: Administration, name: str) -> User:
    """The person, whom the server can do without; the statement that locks them out looks again."""
    user = await find(on, name)
    if await on.store.users.last_administrator(user.id):
        raise LastAdministrator
    return user


def missing(name: str) -> Invalid:
    """The complaint that there is no such person."""
    return Invalid({"user": f"There is no person {name}."})
