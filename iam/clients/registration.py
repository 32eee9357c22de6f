"""Registration of clients: the rules that hold for every registrant (RFC 6749 §2, RFC 7591 §2)."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from attrs import evolve, frozen

from iam.clients import fapi, members, own_clients, sectors, trust
from iam.clients import redirect_uris as redirection
from iam.clients.redirect_uris import Rules
from iam.clients.registrants import ADMINISTRATOR, Registrant
from iam.clients.rules import Case
from iam.clients.secrets import ClientSecrets
from iam.clock import Clock
from iam.outbound.fetching import Fetcher
from iam.records.actor import By
from iam.records.client import AUTH_METHODS, BY_SECRET, PUBLIC, SECRET_JWT, Client, Secret, keeps_secret
from iam.records.client_metadata import MEMBERS, NATIVE, Metadata
from iam.records.invalid import complain
from iam.secrets import minted
from iam.store.clients import Clients
from iam.store.scopes import Scopes


@frozen
class Registration:
    """Judges, stores, changes and removes clients."""

    clients: Clients
    scopes: Scopes
    clock: Clock
    secrets: ClientSecrets
    fetcher: Fetcher
    private: bool = False  # whether addresses in private networks are allowed
    implicit: bool = False  # whether the implicit grant is offered
    private_schemes: frozenset[str] = frozenset()  # app schemes without a dot that are allowed
    auth_methods: tuple[str, ...] = AUTH_METHODS  # those that clients may choose which register themselves
    profile: str | None = None  # of FAPI 2.0, to which all clients are held

    async def judge(
        self,
        asked: Metadata,
        *,
        before: Client | None = None,
        unusual: bool = False,
        registrant: Registrant = ADMINISTRATOR,
        scopeless: bool = False,
    ) -> Metadata:
        """Returns the metadata in normal form; raises Invalid, which names the fields at fault.

        `before` is the client as it was until now: the registrant may keep what it has even if only others can give it.
        `scopeless`: the client needs no scope of its own, since resources have scopes for it.
        `unusual`: an administrator registers it, and may choose what is unusual but not dangerous in itself.
        """
        complain(name=own_clients.complaint(before))
        metadata = fapi.raised(in_order(asked), self.profile)
        case = Case(
            metadata,
            registrant if before is None else registrant.keeping(before),
            await self.scopes.all(),
            self.rules(before, metadata.auth_method, unusual=unusual, http=metadata.allow_http_redirects),
            scopeless=scopeless,
            private=self.private,
            implicit=self.implicit,
        )
        complain(**{**members.complaints(case), **trust.complaints(metadata, before, registrant)})
        return await sectors.settled(metadata, self.fetcher, before, registrant.network)

    def rules(self, before: Client | None, auth_method: str, *, unusual: bool = False, http: bool = False) -> Rules:
        """Returns which redirect URIs may be registered besides those open to every registrant.

        A client keeps those it has, unless an administrator decides, or it changes between public and confidential.
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
        """Stores a new client with its secret (H25).

        Returns False if the id is taken, or if the owner already has `most` clients.
        """
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
        """Replaces a client's metadata, and its secrets if there is a new one.

        Returns False if there is no such client, or if it was last changed at another time than `seen`.
        """
        kept = self.kept(secret, metadata.auth_method)
        return await self.clients.update(client_id, metadata, self.clock.now(), by, secret=kept, seen=seen)

    async def rotate_secret(self, client: Client, secret: str, by: By, *, keep: int = 0) -> bool:
        """Gives the client a new secret; the newest old one stays valid for `keep` seconds, and all others end.

        Returns False if the client has no secret, or has changed in the meantime.
        """
        now = self.clock.now()
        kept = self.kept(secret, client.auth_method)
        return kept is not None and await self.clients.rotate_secret(
            client, kept, now, now + timedelta(seconds=keep), by
        )

    def kept(self, secret: str | None, auth_method: str) -> Secret | None:
        """Returns the secret in the form in which it is stored; None if the authentication method has none."""
        return self.secrets.kept(secret, auth_method) if secret and keeps_secret(auth_method) else None

    async def delete(self, client_id: str, by: By) -> bool:
        """Removes a client and ends all its grants; returns False if there is no such client."""
        return await self.clients.delete(client_id, self.clock.now(), by)


def in_order(asked: Metadata) -> Metadata:
    """Returns the metadata without duplicate values, and with the members that follow from the redirect URIs."""
    lists: dict[str, Any] = {
        each.attribute: distinct(getattr(asked, each.attribute)) for each in MEMBERS if each.several
    }
    metadata = evolve(asked, **lists, name=asked.name.strip())
    if not all(map(redirection.web, metadata.redirect_uris)):
        # another app with the same scheme on the device may get the code (RFC 8252 §8.1)
        metadata = evolve(metadata, require_pkce=True)
    return evolve(metadata, application_type=NATIVE) if shows_native(metadata) else metadata


def shows_native(metadata: Metadata) -> bool:
    """Checks whether the redirect URIs show a native application (OpenID Connect Registration §2).

    An app with a scheme of its own is native, and so is a public client whose URIs all lead to the person's own device.
    """
    uris = metadata.addresses
    return not all(map(redirection.web, uris)) or (metadata.auth_method == PUBLIC and redirection.native(uris))


def distinct(texts: Iterable[str]) -> tuple[str, ...]:
    """Returns each text once, in the order given."""
    return tuple(dict.fromkeys(texts))


def needs_new_secret(old_method: str, method: str) -> bool:
    """Checks whether a client that changes its authentication method must get a new secret.

    For client_secret_jwt the server must know the secret's text, but of secrets that are sent it keeps only a digest.
    """
    readable_now = old_method == SECRET_JWT or method in BY_SECRET
    return keeps_secret(method) and not (keeps_secret(old_method) and readable_now)
