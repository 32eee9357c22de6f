"""Consent: whether a person must be asked about an authorization request, and what the consent page shows."""

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
    """The content of a consent page: the scopes that the request would be granted, with their sentences.

    `scopes` are those that belong to no resource; `resources` holds the others by the URI of their resource.
    """

    request: AuthorizationRequest
    scopes: Sequence[Scope]
    resources: Mapping[str, Sequence[Scope]]

    @property
    def shown(self) -> dict[str, object]:
        """All that the person's answer depends on, for a digest that tells whether the page has changed since.

        Defaults and claims are included as resolved, and the members of the client that may change meanwhile.
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
    """What people allowed before, and the descriptions of the scopes that they are asked for."""

    consents: Consents
    known_scopes: Scopes

    async def covers(self, user_id: UUID, request: AuthorizationRequest) -> bool:
        """Checks that the person allowed all of this before and that only the client itself can get the answer."""
        if not proven(request):
            return False
        given = await self.consents.given(user_id, request.client.client_id)
        return given.covers(request.consented, request.allowed)

    async def question(self, request: AuthorizationRequest) -> Question:
        """Returns the question about the scopes that are requested by name or through their claims."""
        at = {uri: await scopes.describe(names, self.known_scopes) for uri, names in request.allowed.items()}
        return Question(request, at.pop(NOWHERE), at)


def describe(scopes: Sequence[Scope]) -> list[list[object]]:
    """Returns name, sentence and claims of each scope, as a digest needs them."""
    return [[scope.name, scope.description, scope.claims] for scope in scopes]


def proven(request: AuthorizationRequest) -> bool:
    """Checks that only the client can get the answer: it authenticates, or the redirect URI is on a host of its own.

    Other public clients can be impersonated, by their scheme or on this machine, so people are asked each time
    (RFC 8252 §8.6). They are also asked if the answer goes to another port than the registered one.
    """
    client, uri = request.client, request.redirect_uri or ""
    return (client.confidential and uri in client.redirect_uris) or redirect_uris.claimed(uri)
