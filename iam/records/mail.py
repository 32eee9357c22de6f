"""A mail that is to be sent: as the outbox has it, and as it is written."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from attrs import converters, field, frozen

if TYPE_CHECKING:
    from email.message import EmailMessage


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

    @property
    def masked(self) -> str:
        """The recipient as the log has it, such as a***@example.org."""
        return masked(self.recipient)


@frozen
class Letter:
    """A mail in its final form; `sender` and `recipient` are plain addresses, in ASCII."""

    mail: Mail
    sender: str
    recipient: str
    message: "EmailMessage" = field(repr=False)


def masked(address: str) -> str:
    """Returns the first character and the domain of an e-mail address, so that a log is no list of addresses."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}***@{domain}"
