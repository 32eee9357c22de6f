"""Clients that register themselves, and change and remove themselves (RFC 7591, RFC 7592).

The rules for metadata are those of `registration`, for whoever brings them; what is here is the policy for those whom nobody
knows, and it judges what a client would be, not what would change (row 47).
"""

import re
import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from hmac import compare_digest
from typing import Any, Final
from uuid import UUID

from attrs import frozen

from iam import credentials
from iam.accounts import actors
from iam.accounts.invalid import Invalid
from iam.accounts.throttle import Throttle
from iam.credentials import Kind
from iam.networks import network
from iam.oauth import (
    bearer,
    client_assertions,
    client_information,
    client_metadata,
    client_secrets,
    redirect_uris,
    scopes,
    sectors,
)
from iam.oauth.bearer import Challenge
from iam.oauth.client_metadata import Asked, ClientMetadata, MetadataError
from iam.oauth.refusal import Refusal, shown
from iam.oauth.registrants import CLIENT_CREDENTIALS
from iam.oauth.registration import Registration, distinct, needs_new_secret
from iam.store.clients import PUBLIC, Client, Metadata, keeps_secret
from iam.store.registrations import Newcomer, Registrations

OPEN, TOKEN, CLOSED = "open", "token", "closed"
PATH: Final = "/register"
A_DAY: Final = 20  # clients of one network without an initial access token
CLIENT_ID: Final = re.compile(r"[0-9A-Za-z]{22}")


class ClosedError(Exception):
    """Nobody may register here."""


@frozen
class QuotaError(Exception):
    """This network has registered enough for today; `wait` seconds are left of it."""

    wait: int


@frozen
class Registrant:
    """Who wants to register: the bearer of an initial access token, or anybody."""

    scopes: tuple[str, ...] = ()
    token_id: UUID | None = None
    token_digest: bytes | None = None


@frozen
class DynamicRegistration:
    """Registers whom `mode` lets; `more` are scopes that they may ask for besides OpenID Connect's, `quota` is for a day."""

    registration: Registration
    table: Registrations
    throttle: Throttle
    issuer: str
    mode: str
    more: tuple[str, ...] = ()
    quota: int | None = A_DAY

    async def registrant(self, authorization: str | None, address: str) -> Registrant:
        """Who asks, by the initial access token if there is one (RFC 7591 §3); raises ClosedError, Challenge, Throttled."""
        if self.mode == CLOSED:
            raise ClosedError
        if self.mode == OPEN and authorization is None:
            return Registrant()
        text = bearer.token_of(authorization)
        self.throttle.look_up(address)
        digest = credentials.digest(text)
        ours = credentials.well_formed(text, Kind.INITIAL_ACCESS_TOKEN)
        token = await self.table.token(digest, self._now()) if ours else None
        if token is None:
            await self.throttle.wrong(address)
            reason = Refusal("initial access token", "one that is good", "one that is unknown, used up or has run out")
            raise bearer.invalid_token(reason)
        return Registrant(token.scopes, token.id, digest)

    async def register(self, registrant: Registrant, document: Mapping[str, Any], address: str) -> dict[str, Any]:
        """Register a client with these metadata; raises MetadataError, Challenge, QuotaError."""
        metadata = await self._metadata(client_metadata.read(document), registrant.scopes)
        client_id = credentials.client_id(secrets.token_bytes(32))
        access = credentials.mint(Kind.REGISTRATION_ACCESS_TOKEN)
        secret = credentials.mint(Kind.CLIENT_SECRET) if keeps_secret(metadata.auth_method) else None
        newcomer = Newcomer(
            client_id,
            metadata,
            credentials.identifier(),
            self.registration.kept(secret, metadata.auth_method),
            credentials.digest(access),
            registrant.token_id,
        )
        now = self._now()
        await self._count(registrant, newcomer, address, now)
        return self._information(client_id, metadata, now, access, secret)

    async def client(self, client_id: str, authorization: str | None, address: str) -> tuple[Client, str]:
        """The client that this is, and its registration access token (RFC 7592 §2).

        Raises Challenge, the same for all that is wrong, and Throttled.
        """
        text = bearer.token_of(authorization)
        self.throttle.look_up(address)
        ours = credentials.well_formed(text, Kind.REGISTRATION_ACCESS_TOKEN) and CLIENT_ID.fullmatch(client_id)
        client = await self.registration.clients.read(client_id) if ours else None
        known = client.registration_digest if client is not None else None
        same = compare_digest(credentials.digest(text), known or client_secrets.NOBODY)
        if client is None or not same or not client.enabled:
            await self.throttle.wrong(address)
            raise not_its_own(client_id)
        return client, text

    def read(self, client: Client, access: str) -> dict[str, Any]:
        """The client as it is registered (RFC 7592 §2.1)."""
        return self._information(client.id, client, client.created_at, access, None)

    async def update(self, client: Client, access: str, document: Mapping[str, Any], address: str) -> dict[str, Any]:
        """Replace all of the client's metadata (RFC 7592 §2.2); raises MetadataError, Challenge."""
        asked = client_metadata.read(document)
        await self._refuse_others(client, asked, address)
        metadata = await self._metadata(asked, client.scopes, client)
        new = needs_new_secret(client.auth_method, metadata.auth_method)
        secret = credentials.mint(Kind.CLIENT_SECRET) if new else None
        by = actors.client(client.id, address)
        if not await self.registration.update(client.id, metadata, by, secret=secret):
            raise not_its_own(client.id)
        return self._information(client.id, metadata, client.created_at, access, secret)

    async def delete(self, client: Client, address: str) -> None:
        """Remove the client and end all that it was granted (RFC 7592 §2.3); raises Challenge."""
        if not await self.registration.delete(client.id, actors.client(client.id, address)):
            raise not_its_own(client.id)

    async def _count(self, registrant: Registrant, newcomer: Newcomer, address: str, now: datetime) -> None:
        """Register, in the statement that counts it."""
        by = actors.registrant(registrant.token_id, address)
        if registrant.token_digest is not None:
            if not await self.table.by_token(newcomer, registrant.token_digest, now, by):
                got = "one that was used up a moment ago"
                raise bearer.invalid_token(Refusal("initial access token", "one that is good", got))
            return
        most = 2**31 - 1 if self.quota is None else self.quota
        if not await self.table.by_quota(newcomer, network(address), most, now, by):
            raise QuotaError(left_of_day(now))

    async def _metadata(self, asked: Asked, more: Iterable[str], old: Client | None = None) -> Metadata:
        """What the client would be, by the rules and the policy."""
        told = asked.metadata
        wanted = await self._scopes(told.scope, {*self.more, *more})
        refuse_useless(told.grant_types, wanted)
        try:
            metadata = await self.registration.metadata(
                name=told.name,
                auth_method=told.token_endpoint_auth_method,
                grant_types=told.grant_types,
                redirect_uris=self._usable(told, told.redirect_uris),
                scopes=wanted,
                post_logout_redirect_uris=self._usable(told, told.post_logout_redirect_uris),
                require_pkce=old is not None and old.require_pkce,
                introspect_any=old is not None and old.introspect_any,
                auth_signing_alg=signing_alg(told),
                jwks=told.jwks,
                jwks_uri=told.jwks_uri,
                openid=asked.openid,
                before=old,
            )
            if old is not None:
                sectors.refuse_other_names(metadata, old)
        except Invalid as invalid:
            raise client_metadata.of_invalid(invalid) from None
        return metadata

    def _usable(self, told: ClientMetadata, uris: tuple[str, ...]) -> tuple[str, ...]:
        """The addresses without those that such a client may not have (RFC 7591 §3.2.1: the answer says which it has)."""
        confidential = told.token_endpoint_auth_method != PUBLIC
        return redirect_uris.usable(uris, confidential=confidential, rules=self.registration.rules())

    async def _scopes(self, scope: str | None, more: set[str]) -> list[str]:
        """The scopes asked for, if policy allows them; by default those of OpenID Connect."""
        known = [each.name for each in await self.registration.scopes.all()]
        if scope is None:
            return [name for name in known if name in scopes.OF_OPENID]
        wanted = list(distinct(scope.split()))
        allowed = [name for name in known if name in scopes.OF_OPENID | more]
        if any(name not in allowed for name in wanted):
            raise client_metadata.refused({"scope": f"Choose among {', '.join(allowed)}, or leave it out."})
        return wanted

    async def _refuse_others(self, client: Client, asked: Asked, address: str) -> None:
        """Raise MetadataError unless the document is about this client, and its secret, if it is there, the client's own."""
        if asked.metadata.client_id != client.id:
            raise client_metadata.refused({"client_id": "It must be there, and be the one of this client."})
        secret = asked.metadata.client_secret
        if secret is not None and not client_secrets.matches(client, secret, self._now()):
            await self.throttle.wrong(address, client.id)
            raise client_metadata.refused(
                {"client_secret": "It is not this client's. Leave it out: it stays as it is."}
            )

    def _information(
        self, client_id: str, client: Client | Metadata, at: datetime, access: str, secret: str | None
    ) -> dict[str, Any]:
        """The client information response (RFC 7591 §3.2.1, RFC 7592 §3)."""
        shown_once = {} if secret is None else {"client_secret": secret, "client_secret_expires_at": 0}
        return {
            "client_id": client_id,
            "client_id_issued_at": int(at.timestamp()),
            **shown_once,
            "registration_access_token": access,
            "registration_client_uri": f"{self.issuer}{PATH}/{client_id}",
            **client_information.document(client),
        }

    def _now(self) -> datetime:
        return self.registration.clock.now()


def refuse_useless(grant_types: Iterable[str], wanted: Iterable[str]) -> None:
    """Raise MetadataError for client credentials that could be good for nothing."""
    if CLIENT_CREDENTIALS in grant_types and scopes.OF_OPENID.issuperset(wanted):
        sentence = "Client credentials need a scope that is not about people; this client has none."
        raise client_metadata.refused({"grant_types": sentence})


def signing_alg(told: ClientMetadata) -> str | None:
    """What the client proves itself with, if it signs for that; of other clients it says nothing (OpenID Connect Registration §2)."""
    signs = told.token_endpoint_auth_method in client_assertions.ALGORITHMS
    return told.token_endpoint_auth_signing_alg if signs else None


def not_its_own(client_id: str) -> Challenge:
    """The token is not this client's, or there is no such client (any more): nobody learns which."""
    got = "another, or no such application"
    return bearer.invalid_token(
        Refusal("registration access token", "that of the application", got, client_id=shown(client_id))
    )


def left_of_day(now: datetime) -> int:
    """Seconds until the next day begins in UTC."""
    tomorrow = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return int((tomorrow - now).total_seconds()) + 1


__all__ = ["CLOSED", "OPEN", "PATH", "TOKEN", "ClosedError", "DynamicRegistration", "MetadataError", "QuotaError"]
