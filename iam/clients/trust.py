"""Trusted clients, which get what they ask for without anybody being asked: only administrators change what that rests on."""

from typing import Final

from iam.clients.registrants import ADMINISTRATOR, Registrant
from iam.records.client_metadata import Metadata

GUARDED: Final = ("redirect_uris", "grant_types", "scopes")
KEPT: Final = (
    "This application gets what it asks for without asking people: an administrator has decided that. So only "
    "administrators change this."
)


def complaints(metadata: Metadata, before: Metadata | None, registrant: Registrant) -> dict[str, str]:
    """Returns a complaint for each member that somebody else may not change in a client that is trusted."""
    if before is None or not before.trusted or registrant == ADMINISTRATOR:
        return {}
    return {name: KEPT for name in GUARDED if set(getattr(before, name)) != set(getattr(metadata, name))}
