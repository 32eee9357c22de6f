"""A mail that is to be sent."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from attrs import converters, field, frozen


@frozen
class Mail:
    """A mail of the outbox; `attempt` counts from 1.

    `template` is the name of its text, `detail` what the text says besides, and `secret` the encrypted link in it.
    `name` is that of the person it is about, "" if there is none.
    """

    id: UUID
    template: str
    recipient: str
    user_id: UUID | None
    detail: Mapping[str, object]
    secret: bytes | None = field(repr=False, converter=converters.optional(bytes))
    created_at: datetime
    attempt: int
    name: str
