"""Profiles: what can be changed in an existing account."""

from collections.abc import Mapping

from attrs import evolve, frozen

from iam.clock import Clock
from iam.database.errors import Rejected
from iam.people import claims as rule
from iam.people import names
from iam.people.people import TAKEN_EMAIL
from iam.records.actor import By
from iam.records.invalid import Invalid, complain
from iam.records.user import User
from iam.store.users import Users

UNIQUE_VIOLATION = "23505"


@frozen
class Profile:
    """The data of an account about its person."""

    email: str | None
    email_verified: bool
    name: str
    claims: Mapping[str, object]


def of(user: User) -> Profile:
    """Returns the profile of this account."""
    return Profile(user.email, user.email_verified, user.name, user.claims)


def moves(before: str | None, email: str) -> bool:
    """Whether this is another e-mail address than the one before, or none any more."""
    return names.email_key(email) != names.email_key(before or "")


def move(profile: Profile, email: str) -> Profile:
    """Returns the profile with this e-mail address, unverified unless it is the same (H23); an empty one removes it."""
    verified = profile.email_verified and not moves(profile.email, email)
    return evolve(profile, email=email.strip() or None, email_verified=verified)


async def change(
    users: Users, clock: Clock, user: User, profile: Profile, by: By, *, superuser: bool | None = None
) -> bool:
    """Stores this profile of the person; `superuser`, unless None, makes them an administrator or not.

    Returns False if the account was deleted meanwhile. Raises Invalid, which names the fields that cannot be used, and
    LastAdministrator.
    """
    email, name = profile.email, profile.name.strip()
    complain(
        email=names.email_complaint(email) if email else None,
        name=names.name_complaint(name),
        claims=rule.complaint(profile.claims),
    )
    try:
        return await users.update(
            user.id,
            email=email,
            email_key=names.email_key(email) if email else None,
            email_verified=profile.email_verified and email is not None,
            name=name,
            claims=profile.claims,
            now=clock.now(),
            superuser=superuser,
            by=by,
        )
    except Rejected as error:
        if error.sqlstate != UNIQUE_VIOLATION:
            raise
        raise Invalid({"email": TAKEN_EMAIL}) from None
