"""Clients that register, change and remove themselves (RFC 7591, RFC 7592).

The rules for metadata are those of `registration`, which hold for every registrant. This module adds the policy for
clients that nobody knows. It judges the whole client as it would be, not only what changes.
"""

import re
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from hmac import compare_digest
from typing import Any, Final
from uuid import UUID

from attrs import asdict, evolve, frozen

from iam.clients import fapi, information
from iam.clients import metadata as client_metadata
from iam.clients import secrets as client_secrets
from iam.clients.candidates import Candidates
from iam.clients.metadata import RegistrationRequest
from iam.clients.registrants import Registrant, Registrants
from iam.clients.registration import Registration, needs_new_secret
from iam.clients.targets import Targets
from iam.networks import network
from iam.oauth import bearer
from iam.oauth.bearer import Challenge
from iam.oauth.reasons import Reason, shown
from iam.records import actor
from iam.records.client import Client, keeps_secret
from iam.secrets import minted
from iam.secrets.minted import Kind
from iam.service import service
from iam.store.registrations import Newcomer, Registrations
from iam.throttles.throttle import Throttle

OPEN, TOKEN, CLOSED = "open", "token", "closed"
PATH: Final = "/register"
A_WHILE: Final = 3600  # seconds after which there may be room for another client that nobody answers for
TRIES: Final = 25  # each time that others were faster, one of them has come through
BUSY: Final = "Others change this client at the same moment, again and again: try again."
CLIENT_ID: Final = re.compile(r"[0-9A-Za-z]{22}")


class ClosedError(Exception):
    """Dynamic registration is switched off."""


@frozen
class QuotaError(Exception):
    """This network has used up its attempts for today; `wait` is the number of seconds left of the day (UTC)."""

    wait: int


@frozen
class FullError(Exception):
    """The limit on clients that nobody answers for is reached; some will be removed: try again in `wait` seconds."""

    wait: int


@frozen
class Caller:
    """The bearer of an initial access token, or an anonymous caller, and what they may register."""

    registrant: Registrant
    token_id: UUID | None = None
    token_digest: bytes | None = None


@service
class DynamicRegistration:
    """Registers clients as `mode` allows: "open", "token" or "closed".

    Without a token, `quota` limits the attempts of a network per day, and `most` the number of clients that nobody
    answers for; None means no limit.
    """

    registration: Registration
    registrants: Registrants
    targets: Targets
    table: Registrations
    throttle: Throttle
    issuer: str
    mode: str
    quota: int | None
    most: int | None

    @property
    def candidates(self) -> Candidates:
        """The judge of the metadata."""
        return Candidates(self.registration, self.targets)

    async def caller(self, authorization: str | None, address: str) -> Caller:
        """Returns who calls, by the initial access token if there is one (RFC 7591 §3).

        An attempt without a token counts towards the quota even if it fails later.
        Raises ClosedError, Challenge, Throttled, QuotaError.
        """
        if self.mode == CLOSED:
            raise ClosedError
        if self.mode == OPEN and authorization is None:
            await self._count(address)
            return Caller(evolve(self.registrants.stranger(), network=network(address)))
        text = bearer.token_of(authorization)
        self.throttle.look_up(address)
        digest = minted.digest(text)
        ours = minted.well_formed(text, Kind.INITIAL_ACCESS_TOKEN)
        token = await self.table.token(digest, self._now()) if ours else None
        if token is None:
            await self.throttle.wrong(address)
            reason = Reason("initial access token", "one that is good", "one that is unknown, used up or has run out")
            raise bearer.invalid_token(reason)
        return Caller(evolve(self.registrants.bearer(token.scopes), network=network(address)), token.id, digest)

    async def register(self, caller: Caller, document: Mapping[str, Any], address: str) -> dict[str, Any]:
        """Registers a client and returns the client information response (RFC 7591 §3.2.1).

        Raises MetadataError, Challenge, FullError.
        """
        metadata = await self.candidates.judge(client_metadata.read(document), caller.registrant)
        client_id = minted.client_id(secrets.token_bytes(32))
        access = minted.mint(Kind.REGISTRATION_ACCESS_TOKEN)
        secret = minted.mint(Kind.CLIENT_SECRET) if keeps_secret(metadata.auth_method) else None
        newcomer = Newcomer(
            client_id,
            metadata,
            minted.identifier(),
            self.registration.kept(secret, metadata.auth_method),
            minted.digest(access),
            caller.token_id,
        )
        now = self._now()
        await self._keep(caller, newcomer, address, now)
        return await self._information(newcomer.client(now), access, secret)

    async def client(self, client_id: str, authorization: str | None, address: str) -> tuple[Client, str]:
        """Returns the client and its registration access token (RFC 7592 §2).

        Raises Challenge, the same whatever is wrong, and Throttled.
        """
        text = bearer.token_of(authorization)
        self.throttle.look_up(address)
        ours = minted.well_formed(text, Kind.REGISTRATION_ACCESS_TOKEN) and CLIENT_ID.fullmatch(client_id)
        client = await self.registration.clients.read(client_id) if ours else None
        known = client.registration_digest if client is not None else None
        same = compare_digest(minted.digest(text), known or client_secrets.NOBODY)
        if client is None or not same or not client.enabled:
            await self.throttle.wrong(address)
            raise not_its_own(client_id)
        return client, text

    async def read(self, client: Client, access: str) -> dict[str, Any]:
        """Returns the client information response for the client as it is registered (RFC 7592 §2.1)."""
        return await self._information(client, access, None)

    async def update(self, client: Client, access: str, document: Mapping[str, Any], address: str) -> dict[str, Any]:
        """Replaces all of the client's metadata and returns the client information response (RFC 7592 §2.2).

        Raises MetadataError, Challenge; Throttled after too many wrong secrets.
        """
        asked = client_metadata.read(document)
        await self._refuse_others(client, asked, address)
        registrant = self.registrants.bearer(()) if client.answered_for else self.registrants.stranger()
        for _ in range(TRIES):
            metadata = await self.candidates.judge(asked, evolve(registrant, network=network(address)), client)
            new = needs_new_secret(client.auth_method, metadata.auth_method)
            secret = minted.mint(Kind.CLIENT_SECRET) if new else None
            by, seen = actor.client(client.id, address), client.updated_at
            if await self.registration.update(client.id, metadata, by, secret=secret, seen=seen):
                return await self._information(evolve(client, **asdict(metadata, recurse=False)), access, secret)
            client = await self._again(client)
        raise client_metadata.metadata_error({"client_id": BUSY})

    async def _again(self, client: Client) -> Client:
        """Returns the client as it is now, since somebody has changed what it must keep. Raises Challenge."""
        now = await self.registration.clients.read(client.id)
        if now is None or not now.enabled or now.registration_digest != client.registration_digest:
            raise not_its_own(client.id)
        return now

    async def delete(self, client: Client, address: str) -> None:
        """Removes the client and ends all its grants (RFC 7592 §2.3); raises Challenge."""
        if not await self.registration.delete(client.id, actor.client(client.id, address)):
            raise not_its_own(client.id)

    async def _count(self, address: str) -> None:
        """Counts an attempt without a token; raises QuotaError if the network has none left today."""
        now = self._now()
        if self.quota is not None and not await self.table.attempt(network(address), self.quota, now):
            raise QuotaError(left_of_day(now))

    async def _keep(self, caller: Caller, newcomer: Newcomer, address: str, now: datetime) -> None:
        """Stores a new client; the same statement uses up the initial access token, or checks that there is room.

        Raises Challenge if the token is no longer valid, FullError if there is no room.
        """
        by = actor.registrant(caller.token_id, address)
        if caller.token_digest is None:
            if not await self.table.of_stranger(newcomer, self.most, now, by):
                raise FullError(A_WHILE)
        elif not await self.table.by_token(newcomer, caller.token_digest, now, by):
            got = "one that was used up a moment ago"
            raise bearer.invalid_token(Reason("initial access token", "one that is good", got))

    async def _refuse_others(self, client: Client, asked: RegistrationRequest, address: str) -> None:
        """Raises MetadataError unless the document has this client's id and, if it has a secret, this client's secret.

        A wrong secret counts against the limits and may raise Throttled.
        """
        if asked.spoken.client_id != client.id:
            raise client_metadata.metadata_error({"client_id": "It must be there, and be the id of this client."})
        secret = asked.spoken.client_secret
        if secret is not None and not self.registration.secrets.match(client, secret, self._now()):
            await self.throttle.wrong(address, client.id)
            raise client_metadata.metadata_error(
                {"client_secret": "It is not this client's. Leave it out to keep the secret as it is."}
            )

    async def _information(self, client: Client, access: str, secret: str | None) -> dict[str, Any]:
        """Returns the client information response (RFC 7591 §3.2.1, RFC 7592 §3).

        `secret` is a new client secret, shown only this once; `resources` are those that the client may request now.
        """
        shown_once = {} if secret is None else {"client_secret": secret, "client_secret_expires_at": 0}
        offers = await self.targets.offers(client)
        return {
            "client_id": client.id,
            "client_id_issued_at": int(client.created_at.timestamp()),
            **shown_once,
            "registration_access_token": access,
            "registration_client_uri": f"{self.issuer}{PATH}/{client.id}",
            **information.document(fapi.raised(client, self.registration.profile)),
            **({"left_out": dict(client.left_out)} if client.left_out else {}),
            **({"resources": offers} if offers else {}),
        }

    def _now(self) -> datetime:
        return self.registration.clock.now()


def not_its_own(client_id: str) -> Challenge:
    """Returns the challenge for a wrong token; it is the same if there is no such client, so that nobody can tell."""
    got = "another, or no such application"
    return bearer.invalid_token(
        Reason("registration access token", "that of the application", got, client_id=shown(client_id))
    )


def left_of_day(now: datetime) -> int:
    """Returns the seconds until the next day begins in UTC, rounded up."""
    tomorrow = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return int((tomorrow - now).total_seconds()) + 1
