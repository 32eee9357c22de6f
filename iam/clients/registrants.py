"""Who registers a client, and what they may ask for: one policy for the page, for `/register` and for the command line.

Administrators may ask for whatever there is. Everybody else may ask for what the settings name, and for nothing that is
restricted; and may keep what an administrator has given their client.
"""

from collections.abc import Iterable
from typing import Final

from attrs import evolve, frozen

from iam.oauth.grant_types import WITH_A_PERSON
from iam.oauth.scopes import OF_OPENID
from iam.records.client import Client
from iam.records.scope import Scope
from iam.settings import Settings


@frozen
class Registrant:
    """What somebody may ask for; None: whatever there is.

    `scopes` are for everybody of their kind, so that none of them may be restricted; `given` was given to them.
    """

    scopes: frozenset[str] | None
    grant_types: frozenset[str] | None
    given: frozenset[str] = frozenset()
    network: str = ""  # theirs, which has a share of what is fetched for registrations

    def may_have(self, scope: Scope) -> bool:
        """May their client ask for this scope?"""
        if self.scopes is None or scope.name in self.given:
            return True
        return scope.name in self.scopes and not scope.restricted

    def may_use(self, grant_type: str) -> bool:
        """May their client get tokens in this way?"""
        return self.grant_types is None or grant_type in self.grant_types

    def keeping(self, client: Client) -> "Registrant":
        """The same, who keeps what the client has: more was given by an administrator."""
        kept = None if self.grant_types is None else self.grant_types | set(client.grant_types)
        return evolve(self, grant_types=kept, given=self.given | set(client.scopes))


ADMINISTRATOR: Final = Registrant(None, None)


@frozen
class Registrants:
    """The policy that the settings make."""

    settings: Settings

    def stranger(self) -> Registrant:
        """Somebody at `/register` whom nobody knows: a client that nobody answers for gets no token but from a person."""
        return Registrant(OF_OPENID | set(self.settings.registration_scope), WITH_A_PERSON)

    def bearer(self, scopes: Iterable[str]) -> Registrant:
        """Somebody with an initial access token for these scopes: who made it answers for the client."""
        return Registrant(OF_OPENID | set(self.settings.registration_scope), None, frozenset(scopes))

    def person(self, *, superuser: bool) -> Registrant:
        """Somebody who is logged in, on the page of applications."""
        if superuser:
            return ADMINISTRATOR
        return Registrant(frozenset(self.settings.application_scope), frozenset(self.settings.application_grant))

    def admitted(self, *, superuser: bool) -> bool:
        """May somebody who is logged in use that page at all?"""
        return superuser or self.settings.applications == "everybody"
