"""Logins that were refused, of people who have an account."""

from datetime import datetime
from typing import Final

from attrs import frozen

PASSWORD: Final = "wrong_password"
FACTOR: Final = "wrong_code"
THROTTLED: Final = "throttled"  # there were too many before, so that it was not even tested


@frozen
class RefusedLogin:
    """How often logins of a person were refused for this reason: from `since` to `at`, the last time from `address`.

    `until` is when the next one is tested, of those that were throttled.
    """

    kind: str
    count: int
    since: datetime
    at: datetime
    address: str | None
    until: datetime | None
