"""Registrations that clients make by themselves (RFC 7591): each is one statement, which also applies its limit."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from attrs import asdict, frozen

from iam.database.database import Database
from iam.records.actor import By
from iam.records.client import Client, Secret
from iam.records.client_metadata import Metadata
from iam.records.registration import RegistrationToken
from iam.store.client_statements import CREATED
from iam.store.clients import Clients, newborn

COLUMNS: Final = "select id, scopes, uses_left, created_at, expires_at, revoked_at from registration_tokens"
BY_ID: Final = COLUMNS + " where id = %(id)s"
PAGE: Final = COLUMNS + " where id > %(after)s and starts_with(id::text, %(prefix)s) order by id limit %(limit)s"

# A token that has expired, was revoked or is used up is not valid.
GOOD: Final = """
where digest = %(token_digest)s and revoked_at is null and (expires_at is null or expires_at > %(now)s)
    and (uses_left is null or uses_left > 0)
"""
FIND: Final = COLUMNS + GOOD

USE: Final = "with allowed as (update registration_tokens set uses_left = uses_left - 1"
BY_TOKEN: Final = USE + GOOD + "returning id)," + CREATED

ATTEMPT: Final = """
insert into registrations as r (day, network, number) values (%(day)s, %(network)s, 1)
on conflict (network, day) do update set number = r.number + 1 where r.number < %(most)s
returning number
"""
ROOM: Final = """
with allowed as (
    select where may_be_another_stranger(%(most)s)
),
"""
OF_STRANGER: Final = ROOM + CREATED

CREATE_TOKEN: Final = """
insert into registration_tokens (id, digest, scopes, uses_left, created_at, expires_at)
values (%(id)s, %(token_digest)s, %(scopes)s, %(uses)s, %(now)s, %(expires_at)s)
returning audited('registration_token.created', %(now)s, %(actor)s, %(address)s,
    detail => jsonb_build_object('registration_token', id))
"""
REVOKE_TOKEN: Final = """
update registration_tokens set revoked_at = %(now)s where id = %(id)s and revoked_at is null
returning audited('registration_token.revoked', %(now)s, %(actor)s, %(address)s,
    detail => jsonb_build_object('registration_token', id))
"""

# Gives a client that registered itself another registration access token, or one that nobody knows.
RETOKEN: Final = """
update clients set registration_digest = %(digest)s where id = %(client_id)s and registration_digest is not null
returning audited(
    case when %(revoked)s then 'client.registration_token_revoked' else 'client.registration_token_rotated' end,
    %(now)s, %(actor)s, %(address)s, client => id)
"""


@frozen
class Newcomer:
    """A client that registers itself, with the digest of its registration access token (RFC 7592)."""

    client_id: str
    metadata: Metadata
    grant_id: UUID
    secret: Secret | None
    registration_digest: bytes
    token_id: UUID | None = None  # of the initial access token, if it has one

    @property
    def columns(self) -> dict[str, object]:
        """The client as parameters of a statement."""
        born = newborn(self.client_id, self.metadata, self.grant_id, self.secret)
        return {
            **born,
            "owner_id": None,
            "registration_digest": self.registration_digest,
            "registration_token_id": self.token_id,
        }

    def client(self, now: datetime) -> Client:
        """Returns the client as it is stored, without its secret."""
        return Client(
            id=self.client_id,
            owner_id=None,
            owner=None,
            grant_id=self.grant_id,
            created_at=now,
            updated_at=now,
            disabled_at=None,
            registration_digest=self.registration_digest,
            registration_token_id=self.token_id,
            **asdict(self.metadata, recurse=False),
        )


class Registrations:
    """The tables of initial access tokens and of attempts by network."""

    def __init__(self, database: Database, clients: Clients) -> None:
        self._database = database
        self._clients = clients

    async def by_token(self, newcomer: Newcomer, token_digest: bytes, now: datetime, by: By) -> bool:
        """Registers a client by an initial access token, which has one use less.

        Returns False if the token is not valid.
        """
        told = {**newcomer.columns, "token_digest": token_digest, "now": now, **by.columns}
        return await self._register(BY_TOKEN, told)

    async def attempt(self, network: str, most: int, now: datetime) -> bool:
        """Counts an attempt of a network to register a client. Returns False if it has made `most` today (in UTC)."""
        return bool(await self._database.query(ATTEMPT, {"day": now.date(), "network": network, "most": most}))

    async def of_stranger(self, newcomer: Newcomer, most: int | None, now: datetime, by: By) -> bool:
        """Registers a client that nobody answers for. Returns False if there are `most` of them; None sets no limit."""
        return await self._register(OF_STRANGER, {**newcomer.columns, "most": most, "now": now, **by.columns})

    async def _register(self, statement: str, told: dict[str, object]) -> bool:
        rows = await self._database.query(statement, told)
        self._clients.forget(str(told["id"]))
        return bool(rows)

    async def token(self, token_digest: bytes, now: datetime) -> RegistrationToken | None:
        """Returns the initial access token with this digest, or None unless it is valid."""
        rows = await self._database.query(FIND, {"token_digest": token_digest, "now": now})
        return from_row(rows[0]) if rows else None

    async def token_by_id(self, token_id: UUID) -> RegistrationToken | None:
        """Returns the initial access token with this id, or None."""
        rows = await self._database.query(BY_ID, {"id": token_id})
        return from_row(rows[0]) if rows else None

    async def page(self, prefix: str, after: UUID, limit: int) -> list[RegistrationToken]:
        """Returns initial access tokens whose ids begin with `prefix` and come behind `after`, oldest first; `limit` at most."""
        told = {"prefix": prefix, "after": after, "limit": limit}
        return [from_row(row) for row in await self._database.query(PAGE, told)]

    async def create_token(
        self,
        token_id: UUID,
        token_digest: bytes,
        *,
        scopes: Sequence[str],
        uses: int | None,
        expires_at: datetime | None,
        now: datetime,
        by: By,
    ) -> None:
        """Stores a new initial access token; None sets no limit to its uses or its time."""
        await self._database.query(
            CREATE_TOKEN,
            {
                "id": token_id,
                "token_digest": token_digest,
                "scopes": list(scopes),
                "uses": uses,
                "expires_at": expires_at,
                "now": now,
                **by.columns,
            },
        )

    async def retoken(self, client_id: str, digest: bytes, now: datetime, by: By, *, revoked: bool) -> bool:
        """Replaces the registration access token of a client by the one with this digest.

        Returns False if there is no such client, or if it did not register itself. To have the token only `revoked`,
        give the digest of something that nobody knows.
        """
        told = {"client_id": client_id, "digest": digest, "revoked": revoked, "now": now, **by.columns}
        rows = await self._database.query(RETOKEN, told)
        self._clients.forget(client_id)
        return bool(rows)

    async def revoke_token(self, token_id: UUID, now: datetime, by: By) -> bool:
        """Revokes an initial access token; its clients stay.

        Returns False if there is none, or if it was revoked before.
        """
        return bool(await self._database.query(REVOKE_TOKEN, {"id": token_id, "now": now, **by.columns}))


def from_row(row: Sequence[object]) -> RegistrationToken:
    """Builds a token from a row of COLUMNS."""
    token_id, scopes, *rest = row
    return RegistrationToken(token_id, tuple(scopes), *rest)  # type: ignore[arg-type]
