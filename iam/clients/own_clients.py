"""The client that this server registers for itself, which nobody else changes."""

from typing import Final

from iam.oauth.own_clients import CALLBACK, COMMAND_LINE
from iam.records.client import PUBLIC, Client

STAYS: Final = "This is the command line of this server, which registers it itself: it cannot be changed or deleted, only disabled."


def is_own(client: Client) -> bool:
    """Whether the server itself has registered this client."""
    return (
        client.id == COMMAND_LINE
        and client.owner_id is None
        and client.auth_method == PUBLIC
        and client.redirect_uris == (CALLBACK,)
    )


def complaint(client: Client | None) -> str | None:
    """Returns why this client stays as it is, or None."""
    return STAYS if client is not None and is_own(client) else None
