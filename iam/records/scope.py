"""Scopes, and the claims that they stand for."""

from typing import Final

from attrs import frozen


@frozen
class Scope:
    """A scope, the sentence that the consent page shows for it, and the claims that UserInfo returns for it.

    Only administrators may give a `restricted` scope to a client. `acr` is the class of login (OpenID Connect Core §2)
    without which it is granted to nobody; None: any. The claims of a `derived` scope, groups and roles, follow from the
    groups that people are in and the roles that they are given, whatever else is noted of them.
    """

    name: str
    description: str
    claims: tuple[str, ...] = ()
    restricted: bool = False
    acr: str | None = None
    derived: bool = False


DERIVED: Final = ("groups", "roles")  # the scopes and claims that this server derives

BUILT_IN: Final = (
    "openid",
    "profile",
    "email",
    "address",
    "phone",
    "offline_access",
)  # the scopes of OpenID Connect, which it relies on
