"""What the page of a person says of their logins, and of what they can do where."""

from collections.abc import Mapping, Sequence
from typing import Final, cast

from attrs import frozen

from iam.administration.actions import applications, obstacles, performing
from iam.administration.actions.models import Model
from iam.administration.actions.obstacles import ShownObstacle
from iam.administration.actions.operator import Operator
from iam.administration.actions.person import NamedPerson, Person
from iam.administration.administration import Administration
from iam.pages.admin.mending import BY_NAME, Mend
from iam.pages.admin.places import address
from iam.records.allowed import Allowed
from iam.records.group import Group
from iam.records.role import HeldRole

# What the link says, by the action that mends an obstacle.
LINKS: Final = {
    "person.enable": "Enable their account",
    "person.unthrottle": "Let them try again at once",
    "person.invite": "Invite them",
    "person.reset_password": "Give them a link to a new password",
    "person.reset_factors": "Remove their second factors",
    "person.update": "Confirm their address",
}
KNOWN: Final[Mapping[str, Mapping[str, object]]] = {"person.update": {"email_verified": "true"}}  # of the input


@frozen
class Told:
    """An obstacle, and the link to what mends it, for who may do that."""

    obstacle: ShownObstacle
    mend: Mend | None


@frozen
class Reach:
    """What a person can do: their roles, their groups, and what they allowed applications, whose pages may be `linked`."""

    roles: Sequence[HeldRole]
    groups: Sequence[Group]
    allowed: Sequence[Allowed]
    linked: bool


async def obstacles_of(on: Administration, shown: Model, operator: Operator) -> list[Told]:
    """Returns why this person cannot log in."""
    person = cast("Person", shown)
    found = await performing.perform(on, obstacles.EXPLAIN, NamedPerson(person=str(person.id)), operator)
    above = not operator.administrator and bool(await on.store.roles.of_person(person.id))
    return [Told(each, None if above else mend(each.action, person, operator)) for each in found.obstacles]


def mend(name: str | None, person: Person, operator: Operator) -> Mend | None:
    """Returns the link to the page of an action; None if there is none, or if the operator may not do it."""
    if name is None:
        return None
    action, known = BY_NAME[name], KNOWN.get(name, {})
    if not operator.has_one_of(action.roles) or (action.reserved & known.keys() and not operator.administrator):
        return None
    named: Mapping[str, object] = {"username": str(person.id)} if name == "person.invite" else {"person": person.id}
    return Mend(LINKS[name], address(action, {**named, **known}))


async def reach_of(on: Administration, shown: Model, operator: Operator) -> Reach:
    """Returns what this person can do where."""
    person = cast("Person", shown)
    return Reach(
        await on.store.roles.held(person.id),
        await on.store.groups.of_person(person.id),
        await on.store.consents.of_person(person.id, on.clock.now()),
        operator.has_one_of(applications.SHOW.roles),
    )
