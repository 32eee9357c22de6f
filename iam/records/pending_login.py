"""Logins that still lack a factor."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from attrs import frozen


@frozen
class PendingLogin:
    """A person whose password was right at `auth_time`, who has to prove another factor before a session begins.

    `amr` are the methods that they have used (RFC 8176), `remembered` whether the session is to outlive the browser.
    """

    user_id: UUID
    username: str
    auth_time: datetime
    remembered: bool
    amr: Sequence[str]
