"""The refresh token grant (RFC 6749 §6), with rotation (RFC 9700 §4.14.2) that tolerates a lost response."""

from datetime import datetime, timedelta
from typing import ClassVar, Final

from attrs import evolve, frozen
from oauthlib.oauth2 import RefreshTokenGrant
from oauthlib.oauth2.rfc6749.errors import InvalidGrantError, InvalidScopeError, OAuth2Error
from twisted.logger import Logger

from iam.clients.encryption_to_client import Recipient
from iam.clients.targets import invalid_target
from iam.oauth.grant_types import REFRESH_TOKEN
from iam.oauth.reasons import Reason, carrying, shown
from iam.oauth.scopes import OPENID
from iam.protocol.grant import Checks, Issuance
from iam.protocol.token_request import TokenRequest
from iam.protocol.validator import Validator
from iam.records.identity import Identity
from iam.records.rotation import Rotation
from iam.secrets import minted
from iam.store.refresh_tokens import Rotate
from iam.tokens.access_tokens import Terms
from iam.tokens.sealing import Successor, seal, unseal

REUSED = Reason(
    "refresh token reused", "a refresh token that was not used", "one that was: what it stands for is ended"
)

OTHER_CERTIFICATE = Reason(
    "client certificate", "the one that the refresh token is bound to", "another one, or a proof in its place"
)

# The reason for each outcome of the store: the check that failed, what it expects, and what came.
REFUSALS: Final = {
    "unknown": Reason("refresh token", "one that was given out", "one that was not, or expired long ago"),
    "other client": Reason("refresh token", "one of this application", "one of another application"),
    "other key": Reason(
        "DPoP proof", "one of the key that the refresh token is bound to", "one of another key, or none"
    ),
    "grant ended": Reason("grant", "one that lives", "grant ended: revoked, or its person or consent is gone"),
    "expired": Reason("refresh token", "one within its lifetime", "one that has expired"),
    "retried": Reason("refresh token", "one that was not used", "one that was, and whose answer is kept no longer"),
    "late": Reason(
        "refresh token",
        "one that was not used, or one whose answer was lost a short while ago (refresh-token-retry-window)",
        "one that was used longer ago, whose successor never was: what it stands for lives on",
    ),
    "superseded": Reason("refresh token", "the latest one", "one whose successor is in use: this request came late"),
    "used": REUSED,
    "wider scope": Reason("scope", "scopes that the person allowed"),
    "other resource": Reason("resource", "resources of the authorization request"),
    "no scope": Reason("scope", "scopes that mean something to the resource", "none"),
}

log = Logger()


@frozen
class RefreshToken:
    """The grant in which new tokens replace a refresh token and its access token."""

    name: ClassVar = REFRESH_TOKEN
    parameters: ClassVar = ("refresh_token", "scope")

    issuance: Issuance

    def checks(self, validator: Validator) -> Checks:
        """Returns oauthlib's grant as it is."""
        grant: Checks = RefreshTokenGrant(validator)
        return grant

    async def save(self, request: TokenRequest) -> dict[str, object]:
        """Rotates the token in one statement; a retry whose successor was never used gets the first response again.

        Raises InvalidGrantError, InvalidScopeError, and invalid_target for a resource that was not granted.
        """
        now, bearer = request.received, self.issuance.bearer
        recipient = await self.issuance.response.recipient(request.client)
        given = Successor(bearer.access_token(now), bearer.refresh_token(now))
        rotation = await self._rotate(given, request)
        if rotation.outcome == "renewed":
            given = evolve(given, refresh_token=request.text("refresh_token"))
        if rotation.outcome == "retried":
            given, rotation = await self._repeat(given, rotation, request)
        if rotation.issued is not None:
            members = await self._members(request, given.access_token, rotation.issued, rotation.identity, recipient)
            return {**members, "refresh_token": given.refresh_token}
        log.info(
            "refresh token refused: {outcome}, client {client_id}, grant {grant_id}",
            outcome=rotation.outcome,
            client_id=request.client.client_id,
            grant_id=rotation.grant_id and str(rotation.grant_id),
        )
        raise refuse(rotation.outcome, request)

    async def _rotate(self, successor: Successor, request: TokenRequest, *, renew: bool = False) -> Rotation:
        """Replaces the refresh token by `successor`.

        With `renew`, only stores its access token, for a refresh token that already has a successor.
        """
        now, presented = request.received, request.text("refresh_token")
        bearer, targets = self.issuance.bearer, self.issuance.response.targets
        return await self.issuance.store.refresh_tokens.rotate(
            Rotate(
                digest=minted.digest(presented),
                day=minted.day_of(presented),
                client_id=request.client.client_id,
                scope=" ".join(request.scopes) or None,
                audience=await targets.normalize(request.audience),
                now=now,
                window_start=self._window_start(request),
                access_digest=minted.digest(successor.access_token),
                access_day=minted.day_of(successor.access_token),
                access_lifetime=bearer.access_token_lifetime,
                refresh_digest=minted.digest(successor.refresh_token),
                refresh_day=minted.day_of(successor.refresh_token),
                refresh_expires_at=bearer.refresh_token_end(now),
                successor=seal(successor, presented),
                client_scopes=request.client.scopes,
                resource_scopes=await targets.scopes_of(request.client),
                address=request.address,
                renew=renew,
                keep=keeps(request),
                confirmation=request.confirmation,
                refresh_confirmation=None if request.client.confidential else request.confirmation,
            )
        )

    def _window_start(self, request: TokenRequest) -> datetime | None:
        """Returns since when a response may have been lost; None, for any time, for a confidential client.

        Nobody else can use an old token of such a client (docs/decisions/refresh.md).
        """
        if request.client.confidential:
            return None
        return request.received - timedelta(seconds=self.issuance.settings.refresh_token_retry_window)

    async def _repeat(self, made: Successor, rotation: Rotation, request: TokenRequest) -> tuple[Successor, Rotation]:
        """Returns the tokens of the first response, which may have been lost.

        If the first access token is no longer valid, or is bound to another key, the new one takes its place.
        """
        kept = unseal(rotation.successor, request.text("refresh_token")) if rotation.successor else None
        if kept is None:
            return made, rotation
        digest, day = minted.digest(kept.access_token), minted.day_of(kept.access_token)
        first = await self.issuance.store.access_tokens.find(digest, day, request.received)
        if first is not None and first.confirmation == request.confirmation:
            return kept, evolve(rotation, issued=first)
        return evolve(kept, access_token=made.access_token), await self._rotate(made, request, renew=True)

    async def _members(
        self,
        request: TokenRequest,
        access_token: str,
        terms: Terms,
        identity: Identity | None,
        recipient: Recipient | None,
    ) -> dict[str, object]:
        """Returns the members of the response.

        There is an ID token if the client may have openid and the request does not narrow the scope to exclude it.
        """
        asked = OPENID in request.client.scopes and (not request.scopes or OPENID in request.scopes)
        told = identity if asked else None
        return await self.issuance.response.members(
            request.client, access_token, terms, told, request.received, recipient=recipient, refreshed=True
        )


def keeps(request: TokenRequest) -> bool:
    """Whether the client's refresh tokens are not replaced: FAPI 2.0 forbids it (§5.3.2.1 no. 9).

    Nobody else can use them, and a client that loses an answer loses nothing. They end `refresh_token_idle` after they
    were given, however often they are used.
    """
    return request.client.fapi_profile is not None


def refuse(outcome: str, request: TokenRequest) -> OAuth2Error:
    """Returns the error for a refresh token that was not rotated."""
    reason = explain(outcome, request)
    if outcome == "other resource":
        return invalid_target(reason)
    if outcome in ("wider scope", "no scope"):
        return carrying(InvalidScopeError("The refresh token does not cover this scope."), reason)
    return carrying(InvalidGrantError("The refresh token is not valid."), reason)


def explain(outcome: str, request: TokenRequest) -> Reason:
    """Returns the reason for this outcome, with what the client requested."""
    known = REFUSALS.get(outcome, Reason("refresh token", "one that is good", outcome))
    if outcome == "other key" and request.client.tls_client_certificate_bound_access_tokens:
        return OTHER_CERTIFICATE
    if outcome == "wider scope":
        return evolve(known, got=shown(" ".join(request.scopes)))
    if outcome == "other resource":
        return evolve(known, got=shown(" ".join(request.audience)))
    return known
