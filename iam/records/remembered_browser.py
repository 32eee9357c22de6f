"""Browsers in which a person is not asked for another factor."""

from datetime import datetime
from uuid import UUID

from attrs import frozen


@frozen
class RememberedBrowser:
    """A browser, `user_agent` being how it names itself, that is remembered since one login and until some time."""

    id: UUID
    user_agent: str | None
    since: datetime
    until: datetime
