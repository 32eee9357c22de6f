"""Registering clients: which metadata are good, whoever brings them (RFC 6749 §2, RFC 7591 §2)."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from attrs import evolve, frozen

from iam.clients import assertions, encryption, key_sets, openid_registration, sectors
from iam.clients import redirect_uris as redirection
from iam.clients.key_sets import KeySetError
from iam.clients.redirect_uris import Rules
from iam.clients.registrants import ADMINISTRATOR, Registrant
from iam.clients.secrets import ClientSecrets
from iam.clock import Clock
from iam.oauth.grant_types import IMPLICIT, obstacle, offered, redirecting
from iam.outbound import destinations
from iam.outbound.fetching import Fetcher
from iam.people import names
from iam.people.invalid import complain
from iam.records.actor import By
from iam.records.client import BY_SECRET, PRIVATE_KEY_JWT, PUBLIC, SECRET_JWT, Client, Secret, keeps_secret
from iam.records.client_metadata import Metadata
from iam.records.scope import Scope
from iam.secrets import minted
from iam.store.clients import Clients
from iam.store.scopes import Scopes

CONFIDENTIAL_METHODS: Final = (*BY_SECRET, SECRET_JWT, PRIVATE_KEY_JWT)
AUTH_METHODS: Final = (*CONFIDENTIAL_METHODS, PUBLIC)

MOST_REDIRECT_URIS: Final = 50


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
        rules = self.rules(before, metadata.auth_method, unusual=unusual, http=metadata.allow_http_redirects)
        may = registrant if before is None else registrant.keeping(before)
        complain(
            name=name_complaint(metadata),
            auth_method=auth_method_complaint(metadata),
            grant_types=grant_types_complaint(metadata, may, implicit=self.implicit),
            redirect_uris=redirect_uris_complaint(metadata, rules),
            scopes=scopes_complaint(metadata, may, await self.scopes.all(), scopeless=scopeless),
            post_logout_redirect_uris=uris_complaint(metadata.post_logout_redirect_uris, metadata, rules),
            token_endpoint_auth_signing_alg=auth_signing_alg_complaint(metadata),
            jwks=jwks_complaint(metadata),
            jwks_uri=jwks_uri_complaint(metadata, private=self.private),
            **openid_registration.complaints(metadata, private=self.private),
        )
        return await sectors.settled(metadata, self.fetcher, before, registrant.network)

    def rules(self, before: Client | None, auth_method: str, *, unusual: bool = False, http: bool = False) -> Rules:
        """Which redirect URIs may be registered here, besides those that anybody may.

        A client keeps what it has, unless an administrator says what is to be, or it keeps a secret now and did not before.
        """
        staying = before is not None and not unusual and (before.auth_method == PUBLIC) == (auth_method == PUBLIC)
        given = (*before.redirect_uris, *before.post_logout_redirect_uris) if before and staying else ()
        return Rules(self.private_schemes, unusual=unusual, http=http, given=frozenset(given))

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

    async def switch(self, client_id: str, by: By, *, disabled: bool, own: bool) -> bool:
        """Disable a client, which ends all it was granted, or enable it again; who has only their `own` say undoes nobody else's."""
        return await self.clients.set_disabled(client_id, self.clock.now(), by, disabled=disabled, own=own)

    async def delete(self, client_id: str, by: By) -> bool:
        """Remove a client and end all it was granted; False if there is no such client."""
        return await self.clients.delete(client_id, self.clock.now(), by)


def in_order(asked: Metadata) -> Metadata:
    """The metadata with each value once, and with what follows from the redirect URIs."""
    redirect_uris = distinct(asked.redirect_uris)
    return openid_registration.fitting(
        evolve(
            asked,
            name=asked.name.strip(),
            grant_types=distinct(asked.grant_types),
            redirect_uris=redirect_uris,
            scopes=distinct(asked.scopes),
            post_logout_redirect_uris=distinct(asked.post_logout_redirect_uris),
            # whoever has the same scheme on the person's device may get the code (RFC 8252 §8.1)
            require_pkce=asked.require_pkce or not all(map(redirection.web, redirect_uris)),
        )
    )


def distinct(texts: Iterable[str]) -> tuple[str, ...]:
    """Each once, in the order given."""
    return tuple(dict.fromkeys(texts))


def name_complaint(metadata: Metadata) -> str | None:
    """People read the name on the consent page."""
    if not metadata.name:
        return "Give the application a name that people will know it by."
    return names.name_complaint(metadata.name)


def auth_method_complaint(metadata: Metadata) -> str | None:
    """How the client proves at the token endpoint who it is (RFC 7591 §2)."""
    if metadata.auth_method not in AUTH_METHODS:
        return f"Choose one of {', '.join(AUTH_METHODS)}."
    return None


def needs_new_secret(old_method: str, method: str) -> bool:
    """Must a client that changes its method get a secret? Of those that were only ever sent, we do not know the text."""
    readable_now = old_method == SECRET_JWT or method in BY_SECRET
    return keeps_secret(method) and not (keeps_secret(old_method) and readable_now)


def auth_signing_alg_complaint(metadata: Metadata) -> str | None:
    """What the client signs its assertions with (RFC 7591, OpenID Connect Registration §2)."""
    alg, algs = metadata.token_endpoint_auth_signing_alg, assertions.ALGORITHMS.get(metadata.auth_method)
    if alg is None:
        return None
    if algs is None:
        return f"Only clients with {SECRET_JWT} or {PRIVATE_KEY_JWT} sign."
    return None if alg in algs else f"Choose one of {', '.join(algs)}."


def jwks_complaint(metadata: Metadata) -> str | None:
    """The client's public keys (RFC 7591 §2): given, or at an address, never both."""
    if metadata.jwks is None:
        needed = metadata.auth_method == PRIVATE_KEY_JWT and metadata.jwks_uri is None
        return f"A client with {PRIVATE_KEY_JWT} needs its public keys, or their address." if needed else None
    if metadata.jwks_uri is not None:
        return "Give the public keys or their address, not both."
    try:
        if metadata.auth_method != PRIVATE_KEY_JWT and encryption.read(metadata.jwks):
            return None
        keys = key_sets.read(metadata.jwks)
    except KeySetError as error:
        return str(error)
    alg = metadata.token_endpoint_auth_signing_alg
    signs = metadata.auth_method == PRIVATE_KEY_JWT and alg is not None
    return f"None of the keys is one for {alg}." if signs and not any(alg in key.algs for key in keys) else None


def jwks_uri_complaint(metadata: Metadata, *, private: bool) -> str | None:
    """Where the client's public keys are; whether the host may be reached is found when they are fetched."""
    return None if metadata.jwks_uri is None else destinations.complaint(metadata.jwks_uri, private=private)


def grant_types_complaint(metadata: Metadata, registrant: Registrant, *, implicit: bool) -> str | None:
    """Which grants the client may use; a resource server that only introspects needs none."""
    grant_types = metadata.grant_types
    known = [each.name for each in offered(implicit=implicit) if registrant.may_use(each.name)]
    if any(name not in known for name in grant_types):
        return f"Choose among {', '.join(known)}."
    if not grant_types and not metadata.introspect_any:
        return "Choose at least one grant type."
    obstacles = (obstacle(name, grant_types, public=metadata.auth_method == PUBLIC) for name in grant_types)
    return next(filter(None, obstacles), None)


def redirect_uris_complaint(metadata: Metadata, rules: Rules) -> str | None:
    """Where codes may be sent: somewhere if there are any, and only to good addresses."""
    if redirecting(metadata.grant_types) and not metadata.redirect_uris:
        return "Give at least one redirect URI: what a person allows is sent there."
    if IMPLICIT in metadata.grant_types and any(not uri.startswith("https:") for uri in metadata.redirect_uris):
        return "Redirect URIs of a client with the implicit grant begin with https://."
    return uris_complaint(metadata.redirect_uris, metadata, rules)


def uris_complaint(uris: tuple[str, ...], metadata: Metadata, rules: Rules) -> str | None:
    """The first complaint about any of these addresses, with the address where there are several."""
    if len(uris) > MOST_REDIRECT_URIS:
        return f"Give at most {MOST_REDIRECT_URIS} redirect URIs."
    for uri in uris:
        sentence = redirection.complaint(uri, confidential=metadata.auth_method != PUBLIC, rules=rules)
        if sentence:
            return sentence if len(uris) == 1 else f"{shortened(uri)}: {sentence}"
    return None


def shortened(uri: str) -> str:
    """Enough of an address to find it among others."""
    return uri if len(uri) <= 80 else uri[:79] + "…"  # noqa: PLR2004 - a line


def scopes_complaint(
    metadata: Metadata, registrant: Registrant, known: Iterable[Scope], *, scopeless: bool
) -> str | None:
    """What the client may ask for: scopes that exist, and that its registrant may have."""
    allowed = [scope.name for scope in known if registrant.may_have(scope)]
    if any(scope not in allowed for scope in metadata.scopes):
        return f"Choose among the scopes that exist: {', '.join(allowed) or 'there is none yet'}."
    if metadata.grant_types and not metadata.scopes and not scopeless:
        return "Choose at least one scope."
    return None
