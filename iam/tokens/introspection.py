"""Introspection: whether a token is active, and who may know (RFC 7662)."""

from typing import Final

from attrs import evolve

from iam.clients import scopes
from iam.clients.directory import Directory
from iam.clients.targets import Targets
from iam.clock import Clock
from iam.oauth.confirmations import cnf, token_type
from iam.oauth.reasons import Reason
from iam.openid.memberships import Memberships
from iam.openid.subjects import Subjects
from iam.records.client import Client
from iam.records.token import LiveToken
from iam.secrets import minted
from iam.service import service
from iam.store.access_tokens import AccessTokens
from iam.store.personal_tokens import PersonalTokens
from iam.store.refresh_tokens import RefreshTokens
from iam.tokens.access_tokens import AccessTokenFormat, audience, lasting, refresh_place
from iam.tokens.personal_scopes import PersonalScopes

INACTIVE: Final[dict[str, object]] = {"active": False}


@service
class Introspection:
    """Looks up access tokens, also those that people made by hand, and refresh tokens."""

    access_tokens: AccessTokens
    refresh_tokens: RefreshTokens
    personal_tokens: PersonalTokens
    personal_scopes: PersonalScopes
    clock: Clock
    form: AccessTokenFormat
    targets: Targets
    directory: Directory
    subjects: Subjects
    memberships: Memberships
    issuer: str

    async def describe(self, token: str, client: Client) -> dict[str, object]:
        """Returns the introspection response (RFC 7662 §2.2) for this client.

        A client sees its own tokens, access tokens for a resource that it serves, and all tokens if it may introspect
        any.
        """
        found = await self.access_token(token)
        if found is not None and (owns(client, found) or await self.targets.serves(client.client_id, found.audience)):
            return await self.members(found) | {"token_type": token_type(found.confirmation)}
        found = await self.refresh_token(token)
        if found is not None and owns(client, found):
            return await self.members(found)
        return INACTIVE

    async def members(self, token: LiveToken) -> dict[str, object]:
        """Returns the members of the response (RFC 7662 §2.2).

        `sub` is the one that the token's client knows; if it is pairwise, the username is left out. Groups and roles are
        there as the client is set.
        """
        client = await self.directory.find(token.client_id) if token.user_id and token.client_id else None
        more = await self.memberships.tell_at_resources(client, token.user_id, token.scope)
        if client is None or token.user_id is None or not client.pairwise:
            return more | members(token, self.issuer)
        told = evolve(token, username=None)
        return more | members(told, self.issuer) | {"sub": self.subjects.sub(client, token.user_id)}

    async def access_token(self, token: str) -> LiveToken | None:
        """Returns the access token, opaque, JWT or made by hand, if it is active, else None."""
        place = await self.form.place(token)
        if place is None:
            return await self.lasting_token(token)
        return await self._narrow(await self.access_tokens.find(place.digest, place.day, self.clock.now()))

    async def lasting_token(self, token: str) -> LiveToken | None:
        """Returns the personal or service token if it is active, else None."""
        if not lasting(token):
            return None
        found = await self.personal_tokens.find(minted.digest(token), self.clock.now())
        if found is None or found.client_id is not None:
            return await self._narrow(found)
        return narrowed(found, await self.personal_scopes.retain(found))

    async def refusal(self, token: str) -> Reason:
        """Returns why `access_token` found nothing.

        The digest lets the store add, with the refusal, what happened to the token.
        """
        expected, place = "a token of this server that is good now", await self.form.place(token)
        if lasting(token):
            got = "a personal or service token that has expired, was revoked or taken away, or was never made"
            return Reason("access token", expected, got)
        if place is None:
            return Reason("access token", expected, "no such token: cut off, expired long ago, or of another server")
        got = "one that was never given out, or expired long ago"
        return Reason("access token", expected, got, token_digest=place.digest, token_day=place.day)

    async def refresh_token(self, token: str) -> LiveToken | None:
        """Returns the refresh token if it is active, else None."""
        place = refresh_place(token)
        found = await self.refresh_tokens.find(place.digest, place.day, self.clock.now()) if place else None
        return await self._narrow(found)

    async def _narrow(self, found: LiveToken | None) -> LiveToken | None:
        """Returns the token with the scopes that its client may still have; None if none remains."""
        client = await self.directory.find(found.client_id) if found and found.client_id else None
        if found is None or client is None:
            return None
        more = await self.targets.scopes_of(client, found.audience) if found.audience else None
        return narrowed(found, " ".join(scopes.retain(found.scope, client, more)))


def narrowed(token: LiveToken, scope: str) -> LiveToken | None:
    """Returns the token with this scope, which is a part of its own; None if that is empty."""
    if not scope:
        return None
    return token if scope == token.scope else evolve(token, scope=scope)


def owns(client: Client, token: LiveToken) -> bool:
    """Checks that the client may introspect this token whatever resource it is for; a person's own is no client's."""
    return client.introspect_any or token.client_id == client.client_id


def members(token: LiveToken, issuer: str) -> dict[str, object]:
    """Returns the members of the response (RFC 7662 §2.2).

    `sub` is the person, or the client if it acts for itself (RFC 9068 §2.2); a person's own token has no client.
    """
    described: dict[str, object] = {
        "active": True,
        "scope": token.scope,
        **({"client_id": token.client_id} if token.client_id else {}),
        "sub": str(token.user_id) if token.user_id else token.client_id,
        "iss": issuer,
        "iat": int(token.issued_at.timestamp()),
        "exp": int(token.expires_at.timestamp()),
    }
    if token.audience:
        described["aud"] = audience(token.audience)
    if token.confirmation is not None:
        described["cnf"] = cnf(token.confirmation)
    if token.username is not None:
        described["username"] = token.username
    return described
