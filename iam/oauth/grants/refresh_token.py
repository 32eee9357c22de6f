"""The refresh token grant (RFC 6749 §6), with rotation (RFC 9700 §4.14.2) that a lost answer does not break."""

from datetime import timedelta
from typing import Any

from attrs import evolve, frozen
from oauthlib.oauth2 import RefreshTokenGrant
from oauthlib.oauth2.rfc6749.errors import InvalidGrantError, InvalidScopeError
from twisted.logger import Logger

from iam import credentials
from iam.oauth.access_tokens import Terms
from iam.oauth.recipients import Recipient
from iam.oauth.refusal import Refusal, shown
from iam.oauth.request import Request
from iam.oauth.resources import invalid_target
from iam.oauth.scopes import OPENID
from iam.oauth.token_response import TokenResponse
from iam.oauth.tokens import Successor, seal, unseal
from iam.settings import Settings
from iam.store.access_tokens import AccessTokens
from iam.store.identities import Identity
from iam.store.refresh_tokens import RefreshTokens, Rotation

GRANT_TYPE = "refresh_token"

__all__ = ["GRANT_TYPE", "RefreshToken", "RefreshTokenGrant"]

REUSED = Refusal(
    "refresh token reused", "a refresh token that was not used", "one that was: what it stands for is ended"
)

# What the store says of a refresh token, as the check that failed, what would have passed it, and what came.
REFUSALS = {
    "unknown": Refusal("refresh token", "one that was given out", "one that was not, or expired long ago"),
    "other client": Refusal("refresh token", "one of this application", "one of another application"),
    "grant ended": Refusal("grant", "one that lives", "grant ended: revoked, or its person or consent is gone"),
    "expired": Refusal("refresh token", "one within its lifetime", "one that has expired"),
    "retried": Refusal("refresh token", "one that was not used", "one that was, and whose successors have ended"),
    "superseded": Refusal("refresh token", "the latest one", "one whose successor is in use: this request came late"),
    "used": REUSED,
    "wider scope": Refusal("scope", "scopes that the person allowed"),
    "other resource": Refusal("resource", "resources of the authorization request"),
    "no scope": Refusal("scope", "scopes that mean something to the resource", "none"),
}

log = Logger()


@frozen
class RefreshToken:
    """Saves the tokens that take a refresh token's place."""

    refresh_tokens: RefreshTokens
    access_tokens: AccessTokens
    response: TokenResponse
    settings: Settings

    async def save(self, token: dict[str, Any], request: Request) -> None:
        """Rotate in one statement; a retry within the window gets the answer given first.

        Raises InvalidGrantError, InvalidScopeError, and invalid_target for a resource that was not granted.
        """
        now = request.received
        recipient = await self.response.recipient(request)
        successor = Successor(token["access_token"], token["refresh_token"])
        rotation = await self.refresh_tokens.rotate(
            digest=credentials.digest(request.refresh_token),
            day=credentials.day_of(request.refresh_token),
            client_id=request.client.client_id,
            scope=" ".join(request.scopes or ()) or None,
            audience=await self.response.targets.spelled(request.audience),
            now=now,
            window_start=now - timedelta(seconds=self.settings.refresh_token_retry_window),
            access_digest=credentials.digest(successor.access_token),
            access_day=credentials.day_of(successor.access_token),
            access_lifetime=self.settings.access_token_lifetime,
            refresh_digest=credentials.digest(successor.refresh_token),
            refresh_day=credentials.day_of(successor.refresh_token),
            refresh_expires_at=now + timedelta(seconds=self.settings.refresh_token_idle),
            successor=seal(successor, request.refresh_token),
            client_scopes=request.client.scopes,
            resource_scopes=await self.response.targets.scopes_of(request.client),
            address=request.address,
        )
        if rotation.issued is not None:
            members = self._members(request, successor.access_token, rotation.issued, rotation.identity, recipient)
            token.update(await members)
            return
        if rotation.outcome == "retried" and await self._repeat(token, request, rotation, recipient):
            return
        self._refused(rotation, request)
        request.refusal = refusal(rotation.outcome, request)
        if rotation.outcome == "other resource":
            raise invalid_target(request)
        if rotation.outcome in ("wider scope", "no scope"):
            raise InvalidScopeError("The refresh token does not cover this scope.", request=request)
        raise InvalidGrantError("The refresh token is not valid.", request=request)

    async def _members(
        self,
        request: Request,
        access_token: str,
        terms: Terms,
        identity: Identity | None,
        recipient: Recipient | None,
    ) -> dict[str, object]:
        """What the answer says; with an ID token, unless the request narrows the scope to what is not about an identity."""
        asked = OPENID in request.client.scopes and (request.scope is None or OPENID in request.scopes)
        told = identity if asked else None
        return await self.response.members(
            request.client, access_token, terms, told, request.received, recipient=recipient, refreshed=True
        )

    async def _repeat(
        self, token: dict[str, Any], request: Request, rotation: Rotation, recipient: Recipient | None
    ) -> bool:
        """Give the answer that was given first, and perhaps lost; False where its access token is good no longer."""
        kept = unseal(rotation.successor, request.refresh_token) if rotation.successor else None
        if kept is None:
            return False
        digest, day = credentials.digest(kept.access_token), credentials.day_of(kept.access_token)
        given = await self.access_tokens.find(digest, day, request.received)
        if given is None:
            return False
        members = await self._members(request, kept.access_token, given, rotation.identity, recipient)
        token.update(members, refresh_token=kept.refresh_token)
        return True

    def _refused(self, rotation: Rotation, request: Request) -> None:
        log.info(
            "refresh token refused: {outcome}, client {client_id}, grant {grant_id}",
            outcome=rotation.outcome,
            client_id=request.client.client_id,
            grant_id=rotation.grant_id and str(rotation.grant_id),
        )


def refusal(outcome: str, request: Request) -> Refusal:
    """Why the refresh token was not rotated."""
    known = REFUSALS.get(outcome, Refusal("refresh token", "one that is good", outcome))
    if outcome == "wider scope":
        return evolve(known, got=shown(request.scope or ""))
    if outcome == "other resource":
        return evolve(known, got=shown(" ".join(request.audience)))
    return known
