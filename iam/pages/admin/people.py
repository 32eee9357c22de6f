"""What the page of a person says besides their account: why they cannot log in, their roles and groups."""

from collections.abc import Sequence
from typing import Final, cast

from iam.administration.actions.models import Model
from iam.administration.actions.operator import Operator
from iam.administration.actions.person import Person
from iam.administration.administration import Administration
from iam.administration.people import find
from iam.people import names
from iam.records.user import User

DISABLED: Final = "Their account is disabled: whatever they type is refused until somebody enables it."
NO_PASSWORD: Final = "They have no password yet: invite them, so that they choose one."
FACTOR: Final = "After their password they are asked for a second factor: reset their factors if they have lost it."
DELETING: Final = "Their account is about to be deleted, as they have asked: a login offers them to keep it."


async def tell_obstacles(on: Administration, person: Model, _: Operator) -> list[str]:
    """Returns what keeps a person from logging in."""
    return await obstacles(on, await find(on, str(cast("Person", person).id)))


async def tell_roles(on: Administration, person: Model, _: Operator) -> Sequence[str]:
    """Returns the roles on this server that a person has, also by groups."""
    return sorted(await on.store.roles.of_person(cast("Person", person).id))


async def tell_groups(on: Administration, person: Model, _: Operator) -> Sequence[object]:
    """Returns the groups that a person is in."""
    return await on.store.groups.of_person(cast("Person", person).id)


async def obstacles(on: Administration, user: User) -> list[str]:
    """Returns what keeps a person from logging in, or holds them up, in sentences."""
    if user.disabled_at is not None:
        return [DISABLED]
    login = await on.store.users.login(names.username_key(user.username))
    found = {
        NO_PASSWORD: login is None or login.password_hash is None,
        FACTOR: login is not None and login.asked_more,
        DELETING: await on.store.deletions.planned(user.id) is not None,
    }
    return [sentence for sentence, holds in found.items() if holds]
