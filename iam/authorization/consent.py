"""Consent: whether a person must be asked about an authorization request, and what they are asked."""

from uuid import UUID

from attrs import frozen

from iam.authorization.question import Question
from iam.authorization.request import AuthorizationRequest
from iam.clients import client_card, scopes
from iam.store.consents import Consents
from iam.store.scopes import Scopes


@frozen
class Consent:
    """What people allowed before, and the descriptions of the scopes that they are asked for."""

    consents: Consents
    known_scopes: Scopes

    async def covers(self, user_id: UUID, request: AuthorizationRequest) -> bool:
        """Checks that the person allowed all of this before and that only the client itself can get the answer.

        About a client that others can impersonate people are asked each time (RFC 8252 §8.6).
        """
        if not client_card.proven(request.client, request.redirect_uri):
            return False
        given = await self.consents.given(user_id, request.client.client_id)
        return given.covers(request.consented, request.allowed)

    async def question(self, user_id: UUID, request: AuthorizationRequest) -> Question:
        """Returns the question about the scopes that are requested by name or through their claims."""
        given = await self.consents.given(user_id, request.client.client_id)
        return Question(request, await scopes.describe(request.consented, self.known_scopes), given.scopes)
