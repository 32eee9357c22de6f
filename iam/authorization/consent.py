"""Does a person have to be asked, and what are they asked?"""

from collections.abc import Mapping, Sequence
from uuid import UUID

from attrs import frozen

from iam.authorization.request import AuthorizationRequest
from iam.clients import redirect_uris, scopes
from iam.records.consent import NOWHERE
from iam.records.scope import Scope
from iam.store.consents import Consents
from iam.store.scopes import Scopes


@frozen
class Question:
    """What a person is asked for a request: the scopes that it would be granted, with their sentences, and where they are good.

    `scopes` are those that are about no resource, `resources` the others by the resource.
    """

    request: AuthorizationRequest
    scopes: Sequence[Scope]
    resources: Mapping[str, Sequence[Scope]]

    @property
    def shown(self) -> dict[str, object]:
        """All that the answer depends on, for a digest: what is granted is what the page showed, and to whom it was shown.

        Defaults and claims are in it as they were worked out, and of the client what it could change meanwhile.
        """
        client = self.request.client
        return {
            "client": [client.id, client.name, client.owner, client.auth_method, client.registered_itself],
            "registered": [client.scopes, client.redirect_uris],
            "links": [
                client.logo_uri,
                client.client_uri,
                client.policy_uri,
                client.tos_uri,
            ],
            "redirect_uri": self.request.redirect_uri,
            "grant_type": self.request.grant_type,
            "granted": self.request.scopes,
            "claims": self.request.claims,
            "scopes": describe(self.scopes),
            "resources": {uri: describe(scopes) for uri, scopes in self.resources.items()},
        }


@frozen
class Consent:
    """What people allowed before, and the words for what they are asked now."""

    consents: Consents
    known_scopes: Scopes

    async def covers(self, user_id: UUID, request: AuthorizationRequest) -> bool:
        """Has this person allowed all of this before, and is it sure to be the same client that asks now?"""
        if not proven(request):
            return False
        given = await self.consents.given(user_id, request.client.client_id)
        return given.covers(request.consented, request.allowed)

    async def question(self, request: AuthorizationRequest) -> Question:
        """The scopes asked for, by name or by their claims, each with its sentence."""
        at = {uri: await scopes.describe(names, self.known_scopes) for uri, names in request.allowed.items()}
        return Question(request, at.pop(NOWHERE), at)


def describe(scopes: Sequence[Scope]) -> list[list[object]]:
    """What a page says of scopes, and what they stand for."""
    return [[scope.name, scope.description, scope.claims] for scope in scopes]


def proven(request: AuthorizationRequest) -> bool:
    """Can nobody but the client get the answer: it proves itself, or the answer goes to a host that is its own?

    For any other public client somebody may pass, by its scheme or on this machine, so that people are asked each time (RFC 8252 §8.6),
    and so they are where the answer goes to another port than the registered one.
    """
    client, uri = request.client, request.redirect_uri or ""
    return (client.confidential and uri in client.redirect_uris) or redirect_uris.claimed(uri)
