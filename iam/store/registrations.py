"""Registrations that clients make by themselves (RFC 7591): each is one statement, which also counts it."""

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
ALL: Final = COLUMNS + " order by created_at, id"

# A token that has run out, was revoked or is used up is none.
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

# Another registration access token of a client that registered itself, or one that nobody knows.
RETOKEN: Final = """
update clients set registration_digest = %(digest)s where id = %(client_id)s and registration_digest is not null
returning audited(
    case when %(revoked)s then 'client.registration_token_revoked' else 'client.registration_token_rotated' end,
    %(now)s, %(actor)s, %(address)s, client => id)
"""


@frozen
class Newcomer:
    """A client that registers itself, with the digest of the token by which it will come back (RFC 7592)."""

    client_id: str
    metadata: Metadata
    grant_id: UUID
    secret: Secret | None
    registration_digest: bytes
    token_id: UUID | None = None  # of the initial access token, if it has one

    @property
    def columns(self) -> dict[str, object]:
        """Its parameters of a statement."""
        born = newborn(self.client_id, self.metadata, self.grant_id, self.secret)
        return {
            **born,
            "owner_id": None,
            "registration_digest": self.registration_digest,
            "registration_token_id": self.token_id,
        }

    def client(self, now: datetime) -> Client:
        """The client as it is kept from now on, but for its secret."""
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
    """The tables of initial access tokens and of what networks have registered."""

    def __init__(self, database: Database, clients: Clients) -> None:
        self._database = database
        self._clients = clients

    async def by_token(self, newcomer: Newcomer, token_digest: bytes, now: datetime, by: By) -> bool:
        """Use an initial access token for this client; False if it is not good (any more)."""
        told = {**newcomer.columns, "token_digest": token_digest, "now": now, **by.columns}
        return await self._register(BY_TOKEN, told)

    async def attempt(self, network: str, most: int, now: datetime) -> bool:
        """Count that a network tries to register a client; False if it has tried `most` times today (in UTC)."""
        return bool(await self._database.query(ATTEMPT, {"day": now.date(), "network": network, "most": most}))

    async def of_stranger(self, newcomer: Newcomer, most: int | None, now: datetime, by: By) -> bool:
        """Register a client that nobody answers for; False if there are `most` of them."""
        return await self._register(OF_STRANGER, {**newcomer.columns, "most": most, "now": now, **by.columns})

    async def _register(self, statement: str, told: dict[str, object]) -> bool:
        rows = await self._database.query(statement, told)
        self._clients.forget(str(told["id"]))
        return bool(rows)

    async def token(self, token_digest: bytes, now: datetime) -> RegistrationToken | None:
        """The initial access token with this digest, if it is good."""
        rows = await self._database.query(FIND, {"token_digest": token_digest, "now": now})
        return from_row(rows[0]) if rows else None

    async def tokens(self) -> list[RegistrationToken]:
        """Every initial access token, oldest first."""
        return [from_row(row) for row in await self._database.query(ALL)]

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
        """Keep a new initial access token."""
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
        """Let a client that registered itself come back by the token with this digest alone; False if there is none.

        Where the old one is only `revoked`, it is the digest of something that nobody knows.
        """
        told = {"client_id": client_id, "digest": digest, "revoked": revoked, "now": now, **by.columns}
        rows = await self._database.query(RETOKEN, told)
        self._clients.forget(client_id)
        return bool(rows)

    async def revoke_token(self, token_id: UUID, now: datetime, by: By) -> bool:
        """End an initial access token; False if there is none, or it has been ended. Its clients stay."""
        return bool(await self._database.query(REVOKE_TOKEN, {"id": token_id, "now": now, **by.columns}))


def from_row(row: Sequence[object]) -> RegistrationToken:
    """A token out of COLUMNS."""
    token_id, scopes, *rest = row
    return RegistrationToken(token_id, tuple(scopes), *rest)  # type: ignore[arg-type]
