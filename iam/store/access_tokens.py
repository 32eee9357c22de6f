"""Access tokens: stored as digests under a grant (RFC 6749 §1.4)."""

from datetime import datetime
from uuid import UUID

from attrs import frozen

from iam.store.database import Database

ISSUE = """
with input as (
    select * from unnest($1::bytea[], $2::uuid[], $3::text[], $4::timestamptz[], $5::timestamptz[])
    with ordinality as i (digest, grant_id, scope, issued_at, expires_at, n)
), issued as (
    insert into access_tokens (digest, grant_id, scope, issued_at, expires_at)
    select i.digest, i.grant_id, i.scope, i.issued_at, i.expires_at
    from input i join living_grants g on g.id = i.grant_id
    returning digest
)
select i.n from input i join issued using (digest)
"""

FIND = """
select i.n, g.id, g.client_id, g.user_id, u.username, t.scope, t.issued_at, t.expires_at
from unnest($1::bytea[], $2::timestamptz[]) with ordinality as i (digest, now, n)
join access_tokens t on t.digest = i.digest and t.revoked_at is null and t.expires_at > i.now
join living_grants g on g.id = t.grant_id and (g.expires_at is null or g.expires_at > i.now)
left join users u on u.id = g.user_id
"""

# A person's grant ends with any of its tokens; a client's own grant is standing, so there only the token ends.
REVOKE = """
with input as (
    select * from unnest($1::bytea[], $2::text[], $3::timestamptz[]) with ordinality as i (digest, client_id, now, n)
), held as materialized (
    select i.n, i.now, t.digest, t.grant_id, g.user_id, g.client_id = i.client_id as own
    from input i join access_tokens t on t.digest = i.digest join grants g on g.id = t.grant_id
), token as (
    update access_tokens t set revoked_at = h.now from held h
    where t.digest = h.digest and h.own and t.revoked_at is null
), whole as (
    update grants g set revoked_at = h.now from held h
    where g.id = h.grant_id and h.own and h.user_id is not null and g.revoked_at is null
)
select n, own from held
"""


@frozen
class LiveToken:
    """A token that is good at this moment, with what its grant says."""

    grant_id: UUID
    client_id: str
    user_id: UUID | None
    username: str | None
    scope: str
    issued_at: datetime
    expires_at: datetime


class AccessTokens:
    """The table of access tokens."""

    def __init__(self, database: Database) -> None:
        self._issue = database.statement(
            "access_tokens_issue", ISSUE, ("bytea[]", "uuid[]", "text[]", "timestamptz[]", "timestamptz[]")
        )
        self._find = database.statement("access_tokens_find", FIND, ("bytea[]", "timestamptz[]"), shared=True)
        self._revoke = database.statement("access_tokens_revoke", REVOKE, ("bytea[]", "text[]", "timestamptz[]"))

    async def issue(self, digest: bytes, grant_id: UUID, scope: str, now: datetime, expires_at: datetime) -> bool:
        """Store a token under a living grant; False where the grant does not live."""
        return await self._issue(digest, grant_id, scope, now, expires_at) is not None

    async def find(self, digest: bytes, now: datetime) -> LiveToken | None:
        """The token with this digest, if it and its grant live."""
        row = await self._find(digest, now)
        return LiveToken(*row) if row else None

    async def revoke(self, digest: bytes, client_id: str, now: datetime) -> bool:
        """End the client's token, and the person's grant it stands for (RFC 7009 §2.1); False where it is another client's."""
        row = await self._revoke(digest, client_id, now)
        return row is None or bool(row[0])
