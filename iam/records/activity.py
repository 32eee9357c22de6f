"""What happened to an account, as its person reads it."""

from collections.abc import Mapping
from datetime import datetime

from attrs import frozen


@frozen
class Activity:
    """An event of the audit log about a person; `number` and `at` are its place in the log.

    `client_name` is None for an application that is gone, or if there was none.
    """

    number: int
    at: datetime
    kind: str
    actor: str
    client_id: str | None
    client_name: str | None
    address: str | None
    detail: Mapping[str, object]
