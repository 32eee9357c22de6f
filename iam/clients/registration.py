"""Registering clients: which metadata are good, whoever brings them (RFC 6749 §2, RFC 7591 §2)."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from attrs import evolve, frozen

from iam.clients import members, sectors
from iam.clients import redirect_uris as redirection
from iam.clients.redirect_uris import Rules
from iam.clients.registrants import ADMINISTRATOR, Registrant
from iam.clients.rules import Case
from iam.clients.secrets import ClientSecrets
from iam.clock import Clock
from iam.outbound.fetching import Fetcher
from iam.records.actor import By
from iam.records.client import BY_SECRET, PUBLIC, SECRET_JWT, Client, Secret, keeps_secret
from iam.records.client_metadata import MEMBERS, NATIVE, Metadata
from iam.records.invalid import complain
from iam.secrets import minted
from iam.store.clients import Clients
from iam.store.scopes import Scopes


@frozen
class Registration:
    """The clients of this server, and what may be said of one."""

    clients: Clients
    scopes: Scopes
    clock: Clock
    secrets: ClientSecrets
    fetcher: Fetcher
    private: bool = False  # may addresses be of a private network?
    implicit: bool = False  # is there an implicit flow?
    private_schemes: frozenset[str] = frozenset()  # without a dot, of apps

    async def judge(
        self,
        asked: Metadata,
        *,
        before: Client | None = None,
        unusual: bool = False,
        registrant: Registrant = ADMINISTRATOR,
        scopeless: bool = False,
    ) -> Metadata:
        """Metadata that are in order; Invalid names the fields that are not.

        `before` is what the client was until now; of that the `registrant` may keep what only others may give.
        `scopeless`: it needs no scope of its own, since resources have some for it.
        `unusual`: an administrator says so, who may choose what is no danger by itself.
        """
        metadata = in_order(asked)
        case = Case(
            metadata,
            registrant if before is None else registrant.keeping(before),
            await self.scopes.all(),
            self.rules(before, metadata.auth_method, unusual=unusual, http=metadata.allow_http_redirects),
            scopeless=scopeless,
            private=self.private,
            implicit=self.implicit,
        )
        complain(**members.complaints(case))
        return await sectors.settled(metadata, self.fetcher, before, registrant.network)

    def rules(self, before: Client | None, auth_method: str, *, unusual: bool = False, http: bool = False) -> Rules:
        """Which redirect URIs may be registered here, besides those that anybody may.

        A client keeps what it has, unless an administrator says what is to be, or it keeps a secret now and did not before.
        """
        staying = before is not None and not unusual and (before.auth_method == PUBLIC) == (auth_method == PUBLIC)
        given = frozenset(before.addresses) if before and staying else frozenset[str]()
        return Rules(self.private_schemes, unusual=unusual, http=http, given=given)

    async def register(
        self,
        client_id: str,
        metadata: Metadata,
        *,
        secret: str | None,
        owner_id: UUID | None,
        by: By,
        most: int | None = None,
    ) -> bool:
        """Keep a new client, and its secret as H25 says; False if there is one with this id, or its owner has `most` already."""
        return await self.clients.create(
            client_id,
            metadata,
            owner_id=owner_id,
            grant_id=minted.identifier(),
            secret=self.kept(secret, metadata.auth_method),
            now=self.clock.now(),
            by=by,
            most=most,
        )

    async def update(
        self,
        client_id: str,
        metadata: Metadata,
        by: By,
        *,
        secret: str | None = None,
        seen: datetime | None = None,
    ) -> bool:
        """Replace a client's metadata, and its secrets if there is a new one.

        False if there is no such client, or not one that was last changed when it was `seen` to be.
        """
        kept = self.kept(secret, metadata.auth_method)
        return await self.clients.update(client_id, metadata, self.clock.now(), by, secret=kept, seen=seen)

    async def rotate_secret(self, client: Client, secret: str, by: By, *, keep: int = 0) -> bool:
        """Give the client a new secret; the newest of the old ones is good for `keep` seconds more, all others no longer.

        False if it has no secret, or has changed meanwhile.
        """
        now = self.clock.now()
        kept = self.kept(secret, client.auth_method)
        return kept is not None and await self.clients.rotate_secret(
            client, kept, now, now + timedelta(seconds=keep), by
        )

    def kept(self, secret: str | None, auth_method: str) -> Secret | None:
        """The secret as a client of this method keeps it; None where it has none."""
        return self.secrets.kept(secret, auth_method) if secret and keeps_secret(auth_method) else None

    async def delete(self, client_id: str, by: By) -> bool:
        """Remove a client and end all it was granted; False if there is no such client."""
        return await self.clients.delete(client_id, self.clock.now(), by)


def in_order(asked: Metadata) -> Metadata:
    """The metadata with each value once, and with what follows from the addresses."""
    lists: dict[str, Any] = {
        each.attribute: distinct(getattr(asked, each.attribute)) for each in MEMBERS if each.several
    }
    metadata = evolve(asked, **lists, name=asked.name.strip())
    if not all(map(redirection.web, metadata.redirect_uris)):
        # whoever has the same scheme on the person's device may get the code (RFC 8252 §8.1)
        metadata = evolve(metadata, require_pkce=True)
    return evolve(metadata, application_type=NATIVE) if shows_native(metadata) else metadata


def shows_native(metadata: Metadata) -> bool:
    """Do the addresses show that it is a native application (OpenID Connect Registration §2)?

    An app with a scheme of its own is native, and so is a public client that is only ever answered on the person's machine.
    """
    uris = metadata.addresses
    return not all(map(redirection.web, uris)) or (metadata.auth_method == PUBLIC and redirection.native(uris))


def distinct(texts: Iterable[str]) -> tuple[str, ...]:
    """Each once, in the order given."""
    return tuple(dict.fromkeys(texts))


def needs_new_secret(old_method: str, method: str) -> bool:
    """Must a client that changes its method get a secret? Of those that were only ever sent, we do not know the text."""
    readable_now = old_method == SECRET_JWT or method in BY_SECRET
    return keeps_secret(method) and not (keeps_secret(old_method) and readable_now)
