"""Roles: what a person may do on this server, or in an application."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from attrs import frozen


class Role(StrEnum):
    """A role on this server."""

    ADMINISTRATOR = "administrator"  # may do everything
    SUPPORT = "support"  # helps people, but sees no secrets and gives no roles
    AUDITOR = "auditor"  # reads everything, and changes nothing
    DEVELOPER = "developer"  # registers applications with more scopes than others may


ADMINISTERING: Final = frozenset({Role.ADMINISTRATOR, Role.SUPPORT, Role.AUDITOR})  # who has pages to administer with


def known(names: Iterable[str]) -> frozenset[Role]:
    """Returns the roles of these names; one that only a newer version knows is none."""
    values = {role.value: role for role in Role}
    return frozenset(values[name] for name in names if name in values)


@frozen
class HeldRole:
    """A role that a person has on this server, or in the application `client_id`, themselves or by a group."""

    role: str
    client_id: str | None
    client_name: str | None
    group_id: UUID | None
    group_name: str | None


@frozen
class RoleGrant:
    """A role on this server, or in the application `client_id`, given to a person or a group."""

    role: str
    client_id: str | None
    user_id: UUID | None
    username: str | None
    group_id: UUID | None
    group_name: str | None
    created_at: datetime
