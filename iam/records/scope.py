"""Scopes, and the claims that they stand for."""

from datetime import datetime
from typing import Final

from attrs import field, frozen


@frozen
class Scope:
    """A scope, the sentence that the consent page shows for it, and the claims that UserInfo returns for it.

    Only administrators may give a `restricted` scope to a client. `acr` is the class of login (OpenID Connect Core §2)
    without which it is granted to nobody; None: any. The claims of a `derived` scope, groups and roles, follow from the
    groups that people are in and the roles that they are given, whatever else is noted of them. One that is `members_only`
    is for the members of some groups alone. Those of our administration have no `created_at`: they are always there.
    """

    name: str
    description: str
    claims: tuple[str, ...] = ()
    restricted: bool = False
    acr: str | None = None
    derived: bool = False
    members_only: bool = False
    created_at: datetime | None = field(default=None, eq=False)


DERIVED: Final = ("groups", "roles")  # the scopes and claims that this server derives

# What scopes of this server's administration are about (`iam:NOUN:read`, `iam:NOUN:write`), and how people read of it.
ADMINISTERED: Final = {
    "people": "the accounts of people",
    "groups": "groups, and who is in them",
    "roles": "roles, and who has them",
    "applications": "applications",
    "scopes": "scopes",
    "resources": "resources",
    "keys": "the keys of this server",
    "sessions": "who is logged in",
    "grants": "what applications are allowed",
    "tokens": "personal and service tokens",
    "registration-tokens": "the tokens by which applications register themselves",
    "invitations": "invitations and links to passwords that are still good",
    "refusals": "why requests were refused",
    "mail": "the mail that was sent or waits",
    "settings": "the settings in force",
    "audit": "what was done here",
    "overview": "how this server fares, and what needs attention",
}

ADMINISTRATIVE: Final = {
    f"iam:{noun}:{verb}": Scope(f"iam:{noun}:{verb}", f"{sentence} {about}", restricted=True)
    for noun, about in ADMINISTERED.items()
    for verb, sentence in (("read", "Administration: see"), ("write", "Administration: change"))
}

BUILT_IN: Final = (
    "openid",
    "profile",
    "email",
    "address",
    "phone",
    "offline_access",
)  # the scopes of OpenID Connect, which it relies on
