"""Why a person cannot log in, as it is told to who helps them, and the end of their waiting."""

from typing import Final

from pydantic import Field

from iam.administration import obstacles, people
from iam.administration.actions.action import Action
from iam.administration.actions.models import Model, Moment
from iam.administration.actions.operator import Operator
from iam.administration.actions.people import READERS, SUPPORT, named
from iam.administration.actions.person import NamedPerson, Person
from iam.administration.administration import Administration


class ShownObstacle(Model):
    """What keeps a person from logging in, or holds them up."""

    kind: str
    sentence: str
    barring: bool = Field(description="Whether they cannot log in as long as it is so.")
    since: Moment | None = Field(description="When it came first, of what came several times.")
    at: Moment | None = Field(description="When it came last.")
    until: Moment | None = Field(description="When it ends by itself.")
    address: str | None = Field(description="The network address that it came from last.")
    by: str | None = Field(description="Who did it.")
    action: str | None = Field(description="The action that mends it.")

    @classmethod
    def of(cls, obstacle: obstacles.Obstacle) -> "ShownObstacle":
        """Returns what is said about this obstacle."""
        return cls(
            kind=obstacle.kind,
            sentence=obstacle.sentence,
            barring=obstacle.barring,
            since=obstacle.since,
            at=obstacle.at,
            until=obstacle.until,
            address=obstacle.address,
            by=obstacle.by,
            action=obstacle.action,
        )


class Obstacles(Model):
    """All that keeps a person from logging in, or holds them up; nothing: they only need to type what is right."""

    obstacles: list[ShownObstacle]


async def explain(on: Administration, wish: NamedPerson, _: Operator) -> Obstacles:
    """Returns why a person cannot log in. Raises Missing."""
    found = await obstacles.find(on, await people.find(on, wish.person))
    return Obstacles(obstacles=list(map(ShownObstacle.of, found)))


async def unthrottle(on: Administration, wish: NamedPerson, operator: Operator) -> Person:
    """Lets a person try to log in again at once. Raises Missing."""
    return Person.of(await obstacles.unthrottle(on, wish.person, operator.by))


EXPLAIN: Final = Action(
    "person.explain",
    "Say why a person cannot log in, and what mends it.",
    "GET",
    "/people/{person}/obstacles",
    NamedPerson,
    Obstacles,
    explain,
    roles=READERS,
)
UNTHROTTLE: Final = Action(
    "person.unthrottle",
    "Let a person who was wrong too often try to log in again at once.",
    "POST",
    "/people/{person}/unthrottle",
    NamedPerson,
    Person,
    unthrottle,
    roles=SUPPORT,
    person=named,
)

ACTIONS: Final = (EXPLAIN, UNTHROTTLE)
