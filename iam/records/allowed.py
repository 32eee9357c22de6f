"""An application that a person allowed to act for them, as they see it."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from attrs import frozen

from iam.records.client import publisher


@frozen
class Allowed:
    """What a person allowed one client: `resources` holds the scopes shown for each resource, and for NOWHERE.

    `used_at` is about when the client was last given a token for the person; None if that is not known. `grants`: it has
    access at the moment.
    """

    client_id: str
    client_name: str
    registered_itself: bool
    told_of_logouts: bool
    scopes: Sequence[str]
    resources: Mapping[str, Sequence[str]]
    granted_at: datetime
    used_at: datetime | None
    grants: bool

    @property
    def publisher(self) -> str | None:
        """The host of the document that the client is; None if it is none."""
        return publisher(self.client_id)
