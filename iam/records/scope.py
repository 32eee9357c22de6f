"""A scope, and the claims it stands for."""

from typing import Final

from attrs import frozen


@frozen
class Scope:
    """A scope, the sentence that the consent page shows for it, and the claims that UserInfo says for it.

    Only administrators give a `restricted` one to a client.
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
)  # OpenID Connect's, who needs them
