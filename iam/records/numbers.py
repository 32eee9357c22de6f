"""Numbers that tell at a glance how a server fares."""

from datetime import date
from typing import Final

from attrs import frozen

MOST: Final = 1_000  # that are counted; more is told as more than these, or as about how many there are


@frozen
class Numbers:
    """How many people and applications there are, how much mail waits, of that after a failure, and how much was given up.

    `ending` are the tokens of services that end soon. MOST + 1 is more; more people and applications are about so many.
    """

    people: int
    applications: int
    waiting: int
    failing: int
    given_up: int
    ending: int


@frozen
class Logins:
    """How many logins there were in the last hour and day, and how many attempts failed; more, unless `complete`."""

    hour: int
    day: int
    failed_hour: int
    failed_day: int
    complete: bool


@frozen
class RefusedClient:
    """How many requests of a client were refused; without id and name, those of nobody who is known."""

    client_id: str | None
    name: str | None
    count: int


@frozen
class Span:
    """The days that the partitions of a table are for: from `first` to before `beyond`; `needed` is to be before that.

    None: there is no partition.
    """

    table: str
    first: date | None
    beyond: date | None
    needed: date

    @property
    def lacking(self) -> bool:
        """Whether a partition is missing that is needed tomorrow."""
        return self.beyond is None or self.beyond <= self.needed


@frozen
class Uses:
    """How many people have allowed a client something, what of it still lives, and how many tokens of its own it has.

    MOST + 1 is more. `last` is the day on which it was last used, as far as that is known.
    """

    client_id: str
    people: int
    grants: int
    tokens: int
    last: date | None
