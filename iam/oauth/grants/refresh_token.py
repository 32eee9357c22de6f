"""The refresh token grant (RFC 6749 §6), with rotation (RFC 9700 §4.14.2) that a lost answer does not break."""

from datetime import timedelta
from typing import Any

from attrs import frozen
from oauthlib.oauth2 import RefreshTokenGrant
from oauthlib.oauth2.rfc6749.errors import InvalidGrantError, InvalidScopeError
from twisted.logger import Logger

from iam import credentials
from iam.clock import Clock
from iam.oauth.request import Request
from iam.oauth.tokens import Successor, seal, unseal
from iam.settings import Settings
from iam.store.refresh_tokens import RefreshTokens, Rotation

GRANT_TYPE = "refresh_token"

__all__ = ["GRANT_TYPE", "RefreshToken", "RefreshTokenGrant"]

log = Logger()


@frozen
class RefreshToken:
    """Saves the tokens that take a refresh token's place."""

    refresh_tokens: RefreshTokens
    settings: Settings
    clock: Clock

    async def save(self, token: dict[str, Any], request: Request) -> None:
        """Rotate in one statement; a retry within the window gets the answer given first. Raises InvalidGrantError, InvalidScopeError."""
        now = self.clock.now()
        scope = " ".join(request.scopes or ()) or None
        expires_at = now + timedelta(seconds=token["expires_in"])
        successor = Successor(token["access_token"], token["refresh_token"], scope, expires_at)
        rotation = await self.refresh_tokens.rotate(
            credentials.digest(request.refresh_token),
            request.client.client_id,
            scope,
            now,
            now - timedelta(seconds=self.settings.refresh_token_retry_window),
            credentials.digest(successor.access_token),
            expires_at,
            credentials.digest(successor.refresh_token),
            now + timedelta(seconds=self.settings.refresh_token_idle),
            seal(successor, request.refresh_token),
        )
        if rotation.outcome == "retried" and rotation.successor is not None:
            kept = unseal(rotation.successor, request.refresh_token, now)
            if kept is not None and kept.expires_at > now:
                self._answer(token, kept, rotation, int((kept.expires_at - now).total_seconds()))
                return
        if rotation.outcome == "wider scope":
            raise InvalidScopeError("The refresh token does not cover this scope.", request=request)
        if rotation.outcome != "rotated":
            self._refused(rotation, request)
            raise InvalidGrantError("The refresh token is not valid.", request=request)
        self._answer(token, successor, rotation, token["expires_in"])

    def _answer(self, token: dict[str, Any], successor: Successor, rotation: Rotation, expires_in: int) -> None:
        token["access_token"] = successor.access_token
        token["refresh_token"] = successor.refresh_token
        token["expires_in"] = expires_in
        token["scope"] = successor.scope or rotation.scope

    def _refused(self, rotation: Rotation, request: Request) -> None:
        log.info(
            "refresh token refused: {outcome}, client {client_id}, grant {grant_id}",
            outcome=rotation.outcome,
            client_id=request.client.client_id,
            grant_id=rotation.grant_id and str(rotation.grant_id),
        )
