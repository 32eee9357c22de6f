"""Clients: their metadata (RFC 7591) and secrets, kept in memory between changes."""

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from operator import attrgetter
from sys import intern
from typing import Any, Final
from uuid import UUID

import attrs
from attrs import asdict, frozen

from iam.clock import Clock
from iam.database.database import Database
from iam.database.memory import Memory
from iam.records import client_metadata
from iam.records.actor import By
from iam.records.client import Client, Secret, keeps_secret
from iam.records.client_metadata import Metadata
from iam.store.client_statements import (
    CREATE,
    DELETE,
    DISABLED_BY,
    FIND,
    NEAREST,
    PAGE,
    ROTATE_SECRET,
    SELECT,
    SET_DISABLED,
    TRANSFER,
    UNUSED,
    UPDATE,
    WITH_SCOPE,
    FindClient,
)
from iam.store.keyset import beyond
from iam.store.origins import Origins

OF_SECRETS: Final = ("ids", "digests", "sealed", "expiries")
SELECTED: Final = (
    *("id", "name", "owner_id", "owner", "grant_id", "auth_method", "grant_types", "redirect_uris", "scopes"),
    *(
        "created_at",
        "updated_at",
        "disabled_at",
        "registration_digest",
        "registration_token_id",
        "left_out",
        "members_only",
        "metadata",
    ),
    *OF_SECRETS,
)

# The columns that the audit log leaves out of a change: they are no members, or are in the metadata too (for servers of
# the version before).
BESIDES: Final = ["metadata", "openid", "auth_signing_alg", "updated_at"]
METADATA: Final = attrgetter(*(field.name for field in attrs.fields(Metadata)))
USUAL: Final = tuple(field.default for field in attrs.fields(Metadata))  # which all clients share

# Bytes in memory: of a client with a secret and nothing else, of a text in a tuple besides its letters, and of a letter of JSON.
BARE: Final = 1600
NESTED: Final = 64
PARSED: Final = 8
DEFAULTS: Final = json.dumps(client_metadata.DEFAULTS)


@frozen
class Wanted:
    """Which clients a list is of, whose names in lower case begin with `prefix`; None: whichever."""

    prefix: str = ""
    owner_id: UUID | None = None
    registered_itself: bool | None = None
    disabled: bool | None = None

    @property
    def columns(self) -> dict[str, object]:
        """The parameters of a statement that say so."""
        return {**asdict(self), "beyond": beyond(self.prefix)}


EVERY: Final = Wanted()


class Clients:
    """The table of clients, with those recently used in memory."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._find = database.statement("clients_find", FindClient, FIND, shared=True)
        self._memory: Memory[str, Client] = Memory(clock, self.read, database.heard, weigh)
        self._origins = Origins(database, clock)

    async def by_id(self, client_id: str) -> Client | None:
        """Returns the client registered under `client_id`, or None, as it was at most a few seconds ago (H46)."""
        return await self._memory.get(client_id)

    def recent(self, client_id: str) -> Client | None:
        """Returns what `by_id` would return if that needs no query."""
        return self._memory.fresh(client_id)

    def forget(self, client_id: str | None = None) -> None:
        """Drops this client, or all of them, from memory: it may have changed."""
        if client_id is None:
            self._memory.forget()
        else:
            self._memory.forget_one(client_id)
        self._origins.forget(client_id)

    async def live_at(self, origin: str) -> bool:
        """Returns whether an enabled client has a redirect URI of this origin.

        While the database is away, the answer comes from what was read last.
        """
        return await self._origins.known(origin)

    async def read(self, client_id: str) -> Client | None:
        """Reads the client from the database; None if there is none."""
        row = await self._find(FindClient(client_id, self._clock.now()))
        return from_row(row) if row else None

    async def nearest(self, client_id: str) -> str | None:
        """Returns the id of the client with this id, or else of one whose id differs only in case, or None."""
        rows = await self._database.query(NEAREST, {"id": client_id})
        return rows[0][0] if rows else None

    async def all(self) -> list[Client]:
        """Returns every client, oldest first."""
        return await self._select()

    async def names_with_scope(self, scope: str, limit: int) -> list[str]:
        """Returns the names of clients that may ask for this scope; `limit` at most."""
        rows = await self._database.query(WITH_SCOPE, {"scope": scope, "limit": limit})
        return [str(name) for (name,) in rows]

    async def owned_by(self, owner_id: UUID) -> list[Client]:
        """Returns the clients that this person owns, oldest first."""
        return await self._select(owner_id=owner_id)

    async def page(self, name: str, client_id: str, limit: int, wanted: Wanted = EVERY) -> list[Client]:
        """Returns those of the clients that are wanted in the order of their names in lower case and ids; `limit` at most.

        They are those that come behind this name and id.
        """
        told = {"name": name, "id": client_id, "limit": limit, **wanted.columns, "now": self._clock.now()}
        return [from_row(row) for row in await self._database.query(PAGE, told)]

    async def unused(
        self, since: date, day: date | None, client_id: str, limit: int, wanted: Wanted = EVERY
    ) -> list[tuple[date | None, Client]]:
        """Returns the wanted ones of the clients last used before a day, with the day of that; None: never, as far as is known.

        They are in the order of their last use and ids, those that come behind this day and id; `limit` at most.
        """
        told = {"since": since, "day": day, "id": client_id, "limit": limit, **wanted.columns, "now": self._clock.now()}
        return [(last, from_row(row)) for last, *row in await self._database.query(UNUSED, told)]

    async def create(
        self,
        client_id: str,
        metadata: Metadata,
        *,
        owner_id: UUID | None,
        grant_id: UUID,
        secret: Secret | None,
        now: datetime,
        by: By,
        most: int | None = None,
    ) -> bool:
        """Registers a client, with its first secret if it has one.

        Returns False if this id is registered already, or if the owner has `most` clients.
        """
        rows = await self._database.query(
            CREATE,
            {
                **newborn(client_id, metadata, grant_id, secret),
                "owner_id": owner_id,
                "registration_digest": None,
                "registration_token_id": None,
                "most": most,
                "now": now,
                **by.columns,
            },
        )
        self.forget(client_id)
        return bool(rows)

    async def update(
        self,
        client_id: str,
        metadata: Metadata,
        now: datetime,
        by: By,
        *,
        secret: Secret | None = None,
        seen: datetime | None = None,
    ) -> bool:
        """Replaces the client's metadata and, if it gets a new `secret`, its secrets.

        Returns False if there is no such client, or if it was last changed at another moment than `seen`.
        """
        told = changes(client_id, metadata, now, by, secret=secret, seen=seen)
        rows = await self._database.query(UPDATE, told)
        self.forget(client_id)
        return bool(rows)

    async def rotate_secret(self, client: Client, secret: Secret, now: datetime, until: datetime, by: By) -> bool:
        """Gives the client another secret; the newest it had stays valid until `until`.

        Returns False if the client was deleted or has changed its authentication method meanwhile.
        """
        rows = await self._database.query(
            ROTATE_SECRET,
            {
                **secret_columns(secret),
                "id": client.id,
                "auth_method": client.auth_method,
                "now": now,
                "until": until,
                **by.columns,
            },
        )
        self.forget(client.id)
        return bool(rows)

    async def set_disabled(self, client_id: str, now: datetime, by: By, *, disabled: bool, own: bool = False) -> bool:
        """Disables a client and ends all it was granted, or enables it again. Returns False if there is no such client.

        Enabling it revives nothing. With `own`, an owner enables only what they disabled themselves. An administrator
        who disables a client that its owner has disabled takes that over.
        """
        told = {"id": client_id, "disabled": disabled, "own": own, "now": now, **by.columns}
        rows = await self._database.query(SET_DISABLED, told)
        self.forget(client_id)
        return bool(rows)

    async def transfer(self, client_id: str, owner_id: UUID | None, now: datetime, by: By) -> bool:
        """Gives the client to this person, or to nobody. Returns False if there is no such client."""
        told = {"id": client_id, "owner_id": owner_id, "now": now, **by.columns}
        rows = await self._database.query(TRANSFER, told)
        self.forget(client_id)
        return bool(rows)

    async def disabled_by(self, client_id: str) -> str | None:
        """Returns the actor of the last event that disabled the client; None if the audit log has none any more."""
        rows = await self._database.query(DISABLED_BY, {"id": client_id})
        return str(rows[0][0]) if rows else None

    async def delete(self, client_id: str, now: datetime, by: By) -> bool:
        """Deletes the client and ends all it was granted. Returns False if there is no such client."""
        rows = await self._database.query(DELETE, {"id": client_id, "now": now, **by.columns})
        self.forget(client_id)
        return bool(rows)

    async def _select(self, *, owner_id: UUID | None = None) -> list[Client]:
        rows = await self._database.query(SELECT, {"owner_id": owner_id, "now": self._clock.now()})
        return [from_row(row) for row in rows]


def columns(metadata: Metadata) -> dict[str, object]:
    """Returns the metadata as parameters of a statement."""
    own = {name: getattr(metadata, name) for name in client_metadata.COLUMNS}
    return {
        **{name: list(value) if isinstance(value, tuple) else value for name, value in own.items()},
        "metadata": json.dumps(client_metadata.document(metadata)),
        "left_out": json.dumps(dict(metadata.left_out)),
    }


def newborn(client_id: str, metadata: Metadata, grant_id: UUID, secret: Secret | None) -> dict[str, object]:
    """Returns the parameters of a statement that creates a client."""
    return {
        **columns(metadata),
        **secret_columns(secret),
        "id": client_id,
        "grant_id": grant_id,
        "scope": " ".join(metadata.scopes),
    }


def changes(
    client_id: str,
    metadata: Metadata,
    now: datetime,
    by: By,
    *,
    secret: Secret | None = None,
    seen: datetime | None = None,
) -> dict[str, object]:
    """Returns the parameters of a statement that changes a client."""
    return {
        **columns(metadata),
        **secret_columns(secret),
        "id": client_id,
        "secretless": not keeps_secret(metadata.auth_method),
        "besides": BESIDES,
        "defaults": DEFAULTS,
        "seen": seen,
        "now": now,
        **by.columns,
    }


def secret_columns(secret: Secret | None) -> dict[str, object]:
    """Returns a new secret as parameters of a statement; without a secret they are None."""
    return {
        "secret_id": secret and secret.id,
        "secret_digest": secret and secret.digest,
        "secret_sealed": secret and secret.sealed,
    }


def from_row(row: Sequence[Any]) -> Client:
    """Builds a client out of a row of COLUMNS: arrays become tuples, and words that many clients share are kept once."""
    given = dict(zip(SELECTED, row, strict=True))
    given["redirect_uris"] = tuple(given["redirect_uris"])
    given["auth_method"] = intern(given["auth_method"])
    for name in ("grant_types", "scopes"):
        given[name] = share(tuple(given[name]))
    members = parse_members(given.pop("metadata"))
    secrets = tuple(map(Secret, *(given.pop(name) or () for name in OF_SECRETS)))
    return Client(**given, **members, secrets=secrets)


@lru_cache(maxsize=1024)
def share(words: tuple[str, ...]) -> tuple[str, ...]:
    """Returns the same words as they were kept before: many clients have the same grant types and scopes."""
    return words


@lru_cache(maxsize=256)
def parse_members(document: str) -> Mapping[str, Any]:
    """Returns the members in the JSON text of a metadata document; most clients have the same few."""
    return client_metadata.members(json.loads(document))


def weigh(client: Client) -> int:
    """Returns about how many bytes a client takes in memory, rather too many than too few."""
    weight = BARE
    for value, usual in zip(METADATA(client), USUAL, strict=True):
        if value is usual:
            continue
        if isinstance(value, str):
            weight += len(value)
        elif isinstance(value, tuple):
            weight += sum(map(len, value)) + NESTED * len(value)
        elif value and isinstance(value, Mapping):
            weight += PARSED * len(repr(value))
    return weight
