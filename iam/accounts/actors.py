"""Who does what is written into the audit log (H29)."""

from typing import Final
from uuid import UUID

from iam.store.audit import SERVER, By

__all__ = ["COMMAND_LINE", "SERVER", "By", "client", "person", "setup"]

COMMAND_LINE: Final = By("command line")


def person(user_id: UUID, address: str) -> By:
    """Somebody who is logged in."""
    return By(f"user {user_id}", address)


def client(client_id: str, address: str) -> By:
    """A client that has authenticated."""
    return By(f"client {client_id}", address)


def setup(address: str) -> By:
    """Whoever has the link of the first start."""
    return By("setup", address)
