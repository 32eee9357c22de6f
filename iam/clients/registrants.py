"""Who registers a client, and what they may ask for: one policy for the page, `/register` and the command line.

Administrators may ask for everything, and developers for every scope that is not restricted. Others may ask for what the
settings list, except restricted scopes, and may keep what an administrator has given their client.
"""

from collections.abc import Collection, Iterable
from typing import Final

from attrs import evolve, frozen

from iam.oauth.grant_types import WITH_A_PERSON, WITHOUT_A_PERSON
from iam.oauth.scopes import OF_OPENID
from iam.records.client import Client
from iam.records.role import Role
from iam.records.scope import Scope
from iam.service import service
from iam.settings import Settings


@frozen
class Registrant:
    """What a registrant may ask for; None means everything.

    `scopes` are open to all registrants of the kind, except restricted ones, which only who may ask for `restricted` ones
    gets; `given` scopes are this registrant's own.
    """

    scopes: frozenset[str] | None
    grant_types: frozenset[str] | None
    given: frozenset[str] = frozenset()
    restricted: bool = False
    network: str = ""  # the registrant's; each network has a share of the fetches for registrations

    def may_have(self, scope: Scope) -> bool:
        """Checks that the registrant's client may ask for this scope."""
        if scope.name in self.given:
            return True
        return (self.scopes is None or scope.name in self.scopes) and (self.restricted or not scope.restricted)

    def may_use(self, grant_type: str) -> bool:
        """Checks that the registrant's client may use this grant type."""
        return self.grant_types is None or grant_type in self.grant_types

    def keeping(self, client: Client) -> "Registrant":
        """Returns the registrant with permission to keep what the client has, which an administrator may have given."""
        kept = None if self.grant_types is None else self.grant_types | set(client.grant_types)
        return evolve(self, grant_types=kept, given=self.given | set(client.scopes))


REGISTERING: Final = frozenset({Role.ADMINISTRATOR, Role.DEVELOPER})  # who may whatever --applications says
ADMINISTRATOR: Final = Registrant(None, None, restricted=True)


@service
class Registrants:
    """The policy that follows from the settings."""

    settings: Settings

    def stranger(self) -> Registrant:
        """Returns what an anonymous caller of `/register` may ask for.

        Nobody answers for such a client, so it gets no grant type that works without a person.
        """
        return Registrant(OF_OPENID | set(self.settings.registration_scope), WITH_A_PERSON)

    def document(self, *, named: bool) -> Registrant:
        """Returns what a client that is a document may have: what an anonymous caller of `/register` may ask for.

        If its host is `named` in the settings, it may act for itself too.
        """
        return evolve(self.stranger(), grant_types=WITH_A_PERSON | (WITHOUT_A_PERSON if named else frozenset[str]()))

    def bearer(self, scopes: Iterable[str]) -> Registrant:
        """Returns what the bearer of an initial access token for these scopes may ask for, which is every grant type.

        Whoever made the token answers for the client.
        """
        return Registrant(OF_OPENID | set(self.settings.registration_scope), None, frozenset(scopes))

    def person(self, roles: Collection[Role]) -> Registrant:
        """Returns what a person with these roles may ask for, for applications of their own."""
        if Role.ADMINISTRATOR in roles:
            return ADMINISTRATOR
        scopes = None if Role.DEVELOPER in roles else frozenset(self.settings.application_scope)
        return Registrant(scopes, frozenset(self.settings.application_grant))

    def admitted(self, roles: Collection[Role]) -> bool:
        """Checks that a person with these roles may have applications of their own at all."""
        return self.settings.applications == "everybody" or not REGISTERING.isdisjoint(roles)
