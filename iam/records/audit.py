"""Events of the audit log, and the monthly parts that it is kept in."""

from collections.abc import Mapping
from datetime import date, datetime
from uuid import UUID

from attrs import frozen


@frozen
class Event:
    """An event: `actor` did something of this `kind`; `subject` is the id of the person it is about."""

    id: UUID
    at: datetime
    kind: str
    actor: str
    subject: str | None
    client: str | None
    address: str | None
    detail: Mapping[str, object]


@frozen
class Wanted:
    """Which events are wanted; None does not restrict them.

    They are `since` a moment and before `until`, about a `client`, about the person `user`, or by them if they `did` it, of a
    `kind`, by an `actor`, and from an `address` or a network, or from one that has it.
    """

    since: datetime | None = None
    until: datetime | None = None
    client: str | None = None
    user: str | None = None
    did: bool = False
    kind: str | None = None
    actor: str | None = None
    address: str | None = None


@frozen
class Month:
    """A part of the audit log that can be dropped: the events from `since` to before `until`, and its bytes on the disk."""

    name: str
    since: date
    until: date
    events: int
    bytes: int
