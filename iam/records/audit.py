"""What the audit log says."""

from collections.abc import Mapping
from datetime import date, datetime
from uuid import UUID

from attrs import frozen


@frozen
class Event:
    """Something that was done; `subject` is the person's id that it is about."""

    id: UUID
    at: datetime
    kind: str
    actor: str
    subject: str | None
    client: str | None
    address: str | None
    detail: Mapping[str, object]


@frozen
class Month:
    """A part of the audit log that can go: what was written from `since` until before `until`, with its bytes on the disk."""

    name: str
    since: date
    until: date
    events: int
    bytes: int
