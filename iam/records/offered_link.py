"""A link to a password as who administers the server sees it: without its secret."""

from datetime import datetime
from uuid import UUID

from attrs import frozen


@frozen
class OfferedLink:
    """A link by which a person may choose a password, until `expires_at`; `kind` is `invite` or `reset`.

    `made_by` is the username or else the actor of who had it made: `anybody` for a person who asked on the page, None if it is not known.
    It is `printed` if it was made to be handed over, and then another one may have gone by mail; `mailed_to` is the
    address that one went to, as far as it is good.
    """

    id: UUID
    kind: str
    user_id: UUID
    username: str
    made_by: str | None
    created_at: datetime
    expires_at: datetime
    printed: bool
    mailed_to: str | None
