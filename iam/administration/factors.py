"""The end of a person's second factors, for who has lost them all."""

from iam.administration import people
from iam.administration.administration import Administration
from iam.administration.losses import Losses, Section
from iam.records.actor import By
from iam.records.invalid import Invalid
from iam.records.user import User


async def count_losses(on: Administration, name: str) -> Losses:
    """Returns which factors the person loses. Raises Invalid if there is no such person, or they have none."""
    user = await people.find(on, name)
    held = await on.store.factors.held(user.id)
    counts = ((held.apps, "authenticator app"), (held.passkeys, "passkey"), (held.codes, "recovery code"))
    items = [f"{number} {noun}{'s' if number > 1 else ''}" for number, noun in counts if number]
    if not items:
        raise nothing(user)
    heading = f"{user.username} loses these, and logs in by a password alone:"
    return Losses(f"Remove all second factors of {user.username}?", [Section(heading, items)], for_good=True)


async def reset(on: Administration, name: str, by: By) -> User:
    """Removes all second factors of a person. Raises Invalid if there is no such person, or they have none."""
    user = await people.find(on, name)
    if not await on.store.factors.reset(user.id, on.clock.now(), by):
        raise nothing(user)
    return user


def nothing(user: User) -> Invalid:
    """Returns the error for a person who has no factor."""
    return Invalid({"user": f"{user.username} has no second factor."})
