"""The client credentials grant (RFC 6749 §4.4): the client acts for itself, under its own standing grant."""

from typing import ClassVar

from attrs import frozen
from oauthlib.oauth2 import ClientCredentialsGrant
from oauthlib.oauth2.rfc6749.errors import InvalidScopeError, UnauthorizedClientError

from iam.clients import dpop
from iam.clients.dpop import Proof
from iam.oauth.grant_types import CLIENT_CREDENTIALS
from iam.oauth.reasons import Reason, carrying
from iam.protocol.grant import Checks, Issuance
from iam.protocol.token_request import TokenRequest
from iam.protocol.validator import Validator
from iam.records.token import Issued
from iam.secrets import minted
from iam.store.access_tokens import IssueAccessToken, IssueBoundToken, IssueConfirmedToken


@frozen
class ClientCredentials:
    """The grant in which the client gets a token for itself."""

    name: ClassVar = CLIENT_CREDENTIALS
    parameters: ClassVar = ("scope",)

    issuance: Issuance

    def checks(self, validator: Validator) -> Checks:
        """Returns oauthlib's grant as it is."""
        grant: Checks = ClientCredentialsGrant(validator)
        return grant

    async def save(self, request: TokenRequest) -> dict[str, object]:
        """Stores the token in one statement.

        Raises UnauthorizedClientError if the client, its grant or the resource ended meanwhile, and InvalidScopeError
        if no requested scope is valid for the resource any more.
        """
        if request.confirmation is not None:
            return await self._save_confirmed(request, request.confirmation)
        bearer = self.issuance.bearer
        token = bearer.access_token(request.received)
        issued = await self.issuance.store.access_tokens.issue(
            IssueAccessToken(
                digest=minted.digest(token),
                day=minted.day_of(token),
                grant_id=request.client.grant_id,
                scope=" ".join(request.scopes),
                audience=request.audience,
                now=request.received,
                lifetime=bearer.access_token_lifetime,
            )
        )
        return await self._answer(request, token, issued)

    async def _save_confirmed(self, request: TokenRequest, confirmation: str) -> dict[str, object]:
        """Does the same for a token that is bound to a certificate, which there is nothing of to use up (RFC 8705 §3)."""
        bearer = self.issuance.bearer
        token = bearer.access_token(request.received)
        issued = await self.issuance.store.access_tokens.issue_confirmed(
            IssueConfirmedToken(
                digest=minted.digest(token),
                day=minted.day_of(token),
                grant_id=request.client.grant_id,
                scope=" ".join(request.scopes),
                audience=request.audience,
                now=request.received,
                lifetime=bearer.access_token_lifetime,
                confirmation=confirmation,
            )
        )
        return await self._answer(request, token, issued)

    async def save_bound(self, request: TokenRequest, proof: Proof) -> dict[str, object]:
        """Does the same, and uses up the proof in the same statement. Raises InvalidProofError if it was used before."""
        bearer = self.issuance.bearer
        token = bearer.access_token(request.received)
        fresh, issued = await self.issuance.store.access_tokens.issue_bound(
            IssueBoundToken(
                proof=proof.digest,
                proof_day=proof.last_day,
                digest=minted.digest(token),
                day=minted.day_of(token),
                grant_id=request.client.grant_id,
                scope=" ".join(request.scopes),
                audience=request.audience,
                now=request.received,
                lifetime=bearer.access_token_lifetime,
                confirmation=proof.confirmation,
            )
        )
        if not fresh:
            raise dpop.invalid(dpop.USED)
        return await self._answer(request, token, issued)

    async def _answer(self, request: TokenRequest, token: str, issued: Issued | None) -> dict[str, object]:
        """Returns the members of the response. Raises UnauthorizedClientError and InvalidScopeError."""
        if issued is None:
            got = "the application was disabled, or its own grant or resource ended, a moment ago"
            reason = Reason("grant", "the application's own, which lives", got)
            raise carrying(UnauthorizedClientError("This client may not get tokens for itself."), reason)
        if not issued.scope:
            reason = Reason("scope", "one that means something to the resource", "none that does, since a moment ago")
            raise carrying(InvalidScopeError("No scope of the request means anything to this resource."), reason)
        return await self.issuance.response.members(request.client, token, issued, None, request.received)
