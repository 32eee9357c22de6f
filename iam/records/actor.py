"""The actors that audit events name (H29)."""

from collections.abc import Mapping
from functools import lru_cache
from ipaddress import ip_address
from typing import Final
from uuid import UUID

from attrs import field, frozen

KNOWN: Final = 1024  # addresses remembered


def written(address: str | None) -> str | None:
    """Returns the address as PostgreSQL's inet takes it; None if it is no address, so that an event never fails because of it."""
    return inet(address) if address else None


@lru_cache(KNOWN)
def inet(address: str) -> str | None:
    """Returns an address without its zone in PostgreSQL's form; None if it is none."""
    try:
        return str(ip_address(address.partition("%")[0]))
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
        """The parameters of a statement that hold this actor."""
        return {"actor": self.actor, "address": self.address}

    @property
    def user_id(self) -> UUID | None:
        """The person who does it; None for everybody and everything else."""
        kind, _, name = self.actor.partition(" ")
        return UUID(name) if kind == "user" else None


SERVER: Final = By("server")
COMMAND_LINE: Final = By("command line")


def person(user_id: UUID, address: str) -> By:
    """Returns the actor of a person who is logged in."""
    return By(f"user {user_id}", address)


def client(client_id: str, address: str) -> By:
    """Returns the actor of a client that has authenticated."""
    return By(f"client {client_id}", address)


def registrant(token_id: UUID | None, address: str) -> By:
    """Returns the actor of a registration, with an initial access token or without."""
    return By(f"registration token {token_id}" if token_id else "anybody", address)


def setup(address: str) -> By:
    """Returns the actor who used the setup link of the first start."""
    return By("setup", address)
