"""Scopes, and the claims that they stand for."""

from typing import Final

from attrs import frozen


@frozen
class Scope:
    """A scope, the sentence that the consent page shows for it, and the claims that UserInfo returns for it.

    Only administrators may give a `restricted` scope to a client.
    """

    name: str
    description: str
    claims: tuple[str, ...] = ()
    restricted: bool = False


BUILT_IN: Final = (
    "openid",
    "profile",
    "email",
    "address",
    "phone",
    "offline_access",
)  # the scopes of OpenID Connect, which it relies on
