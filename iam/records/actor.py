"""Who does what is written into the audit log (H29)."""

from typing import Final
from uuid import UUID

from iam.store.audit import SERVER, By

__all__ = ["COMMAND_LINE", "SERVER", "By", "client", "person", "registrant", "setup"]

COMMAND_LINE: Final = By("command line")


def person(user_id: UUID, address: str) -> By:
    """Somebody who is logged in."""
    return By(f"user {user_id}", address)


def client(client_id: str, address: str) -> By:
    """A client that has authenticated."""
    return By(f"client {client_id}", address)


def registrant(token_id: UUID | None, address: str) -> By:
    """Whoever registers a client, with an initial access token or without."""
    return By(f"registration token {token_id}" if token_id else "anybody", address)


def setup(address: str) -> By:
    """Whoever has the link of the first start."""
    return By("setup", address)
