"""Numbers that tell at a glance how a server fares."""

from typing import Final

from attrs import frozen

MOST: Final = 10_000  # that are counted; more is told as more than these


@frozen
class Numbers:
    """How many people and applications there are, and how much mail waits, or was given up lately; MOST + 1 is more."""

    people: int
    applications: int
    waiting: int
    given_up: int


@frozen
class RefusedClient:
    """How many requests of a client were refused; without id and name, those of nobody who is known."""

    client_id: str | None
    name: str | None
    count: int
