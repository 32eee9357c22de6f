"""Does a person have to be asked, and what are they asked?"""

from uuid import UUID

from attrs import frozen

from iam.oauth import redirect_uris, scopes
from iam.oauth.request import Request
from iam.store.consents import Consents
from iam.store.scopes import Scope, Scopes


@frozen
class Consent:
    """What people allowed before, and the words for what they are asked now."""

    consents: Consents
    known_scopes: Scopes

    async def covers(self, user_id: UUID, request: Request) -> bool:
        """Has this person allowed all of this before, and is it sure to be the same client that asks now?"""
        if request.authentication.wants_consent or not proven(request):
            return False
        return (await self.consents.scopes(user_id, request.client.client_id)).issuperset(request.consented)

    async def question(self, request: Request) -> list[Scope]:
        """The scopes asked for, by name or by their claims, each with its sentence."""
        return await scopes.described(request.consented, self.known_scopes)


def proven(request: Request) -> bool:
    """Can nobody but the client get the answer: it proves itself, or the answer goes to a host that is its own?

    For any other public client somebody may pass, by its scheme or on this machine, so that people are asked each time (RFC 8252 §8.6).
    """
    return request.client.confidential or redirect_uris.claimed(request.redirect_uri)
