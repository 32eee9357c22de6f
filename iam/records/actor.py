"""Who does what is written into the audit log (H29)."""

from collections.abc import Mapping
from ipaddress import ip_address
from typing import Final
from uuid import UUID

from attrs import field, frozen


def written(address: str | None) -> str | None:
    """The address as PostgreSQL takes it; none where it is no address, since an event must never be in the way."""
    try:
        return str(ip_address((address or "").partition("%")[0]))
    except ValueError:
        return None


@frozen
class By:
    """Who does something, and from where.

    `user ID`, `client ID`, `registration token ID`, `anybody`, `command line`, `setup` or `server`.
    """

    actor: str
    address: str | None = field(default=None, converter=written)

    @property
    def columns(self) -> Mapping[str, str | None]:
        """Its parameters of a statement."""
        return {"actor": self.actor, "address": self.address}


SERVER: Final = By("server")
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
