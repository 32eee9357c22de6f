"""Consent: whether a person must be asked about an authorization request, and what they are asked."""

from enum import Enum
from uuid import UUID

from iam.authorization.question import Question, unguarded
from iam.authorization.request import AuthorizationRequest
from iam.clients import client_card, document_identity, scopes
from iam.records.client import Client
from iam.records.consent import Consented
from iam.service import service
from iam.store.consents import Consents
from iam.store.scopes import Scopes


class Standing(Enum):
    """Why a person need not be asked."""

    ALLOWED = "allowed"  # they allowed all of it before, and only the client itself can get the answer
    TRUSTED = "trusted"  # an administrator trusts the client with all of it


@service
class Consent:
    """What people allowed before, and the descriptions of the scopes that they are asked for."""

    consents: Consents
    known_scopes: Scopes

    async def standing(self, user_id: UUID, request: AuthorizationRequest) -> Standing | None:
        """Returns why this person need not be asked; None if they must be.

        About a client that others can impersonate people are asked each time (RFC 8252 §8.6), unless it is trusted.
        """
        if client_card.proven(request.client, request.redirect_uri):
            given = await self.consents.given(user_id, request.client.client_id)
            if given.covers(request.consented, request.allowed) and same_document(given, request.client):
                return Standing.ALLOWED
        if not request.client.trusted:
            return None
        known = await scopes.describe(request.consented, self.known_scopes)
        return Standing.TRUSTED if known and all(map(unguarded, known)) else None

    async def question(self, user_id: UUID, request: AuthorizationRequest) -> Question:
        """Returns the question about the scopes that are requested by name or through their claims."""
        given = await self.consents.given(user_id, request.client.client_id)
        return Question(request, await scopes.describe(request.consented, self.known_scopes), given.scopes)


def same_document(given: Consented, client: Client) -> bool:
    """Checks that a client that is a document still says of itself what it said when the person allowed it."""
    return not client.document or given.client_digest == document_identity.digest(client)
