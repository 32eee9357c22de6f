"""Refresh tokens: rotated in one statement (RFC 6749 §6, RFC 9700 §4.14)."""

from datetime import datetime
from uuid import UUID

from attrs import frozen

from iam.store.access_tokens import LiveToken
from iam.store.database import Database

# Within the window a retry by the same client gets the same successor, as long as that successor was not used itself;
# anything older is somebody else's copy, and ends the grant. A narrowed scope is the access token's, not the successor's.
# (`offset 0`: each grant is looked up by its id; joined, the view would be read as a whole while it is small.)
# (`not exists ... used`: a caller that waited in `held` cannot see, in its older snapshot, the successor just stored.)
ROTATE = """
with input as (
    select * from unnest($1::bytea[], $2::text[], $3::text[], $4::timestamptz[], $5::timestamptz[],
                         $6::bytea[], $7::timestamptz[], $8::bytea[], $9::timestamptz[], $10::bytea[])
    with ordinality as i (digest, client_id, scope, now, window_start,
                          access_digest, access_expires_at, refresh_digest, refresh_expires_at, successor, n)
), held as materialized (
    select i.n, r.* from input i join refresh_tokens r on r.digest = i.digest
    order by r.digest for update of r
), judged as materialized (
    select i.*, h.grant_id, h.scope as full_scope, h.successor as given, g.user_id, g.expires_at as grant_expires_at,
        case
            when o.client_id <> i.client_id then 'other client'
            when g.id is null then 'grant ended'
            when h.expires_at <= i.now then 'expired'
            when h.used_at > i.window_start and not exists (
                select from refresh_tokens s where s.digest = h.successor_digest and s.used_at is not null
            ) then 'retried'
            when h.used_at is not null then 'used'
            when i.scope is not null
                and not string_to_array(i.scope, ' ') <@ string_to_array(h.scope, ' ') then 'wider scope'
            else 'rotated'
        end as outcome
    from input i join held h using (n)
    join grants o on o.id = h.grant_id
    left join lateral (select * from living_grants where id = h.grant_id offset 0) g
        on g.expires_at is null or g.expires_at > i.now
), claimed as (
    update refresh_tokens r set used_at = j.now, successor = j.successor, successor_digest = j.refresh_digest
    from judged j where r.digest = j.digest and j.outcome = 'rotated' and r.used_at is null
    returning j.n
), access as (
    insert into access_tokens (digest, grant_id, scope, issued_at, expires_at)
    select j.access_digest, j.grant_id, coalesce(j.scope, j.full_scope), j.now, j.access_expires_at
    from judged j join claimed using (n)
), refresh as (
    insert into refresh_tokens (digest, grant_id, scope, issued_at, expires_at)
    select j.refresh_digest, j.grant_id, j.full_scope, j.now, least(j.refresh_expires_at, j.grant_expires_at)
    from judged j join claimed using (n)
), reused as (
    update grants g set revoked_at = j.now from judged j
    where g.id = j.grant_id and j.outcome = 'used' and g.revoked_at is null
)
select j.n, case when j.outcome = 'rotated' and c.n is null then 'used' else j.outcome end,
    j.grant_id, j.user_id, j.full_scope, j.given
from judged j left join claimed c using (n)
"""

FIND = """
select i.n, g.id, g.client_id, g.user_id, u.username, t.scope, t.issued_at, t.expires_at
from unnest($1::bytea[], $2::timestamptz[]) with ordinality as i (digest, now, n)
join refresh_tokens t on t.digest = i.digest and t.used_at is null and t.expires_at > i.now
join living_grants g on g.id = t.grant_id and (g.expires_at is null or g.expires_at > i.now)
left join users u on u.id = g.user_id
"""

REVOKE = """
with input as (
    select * from unnest($1::bytea[], $2::text[], $3::timestamptz[]) with ordinality as i (digest, client_id, now, n)
), held as materialized (
    select i.n, i.now, g.id, g.client_id = i.client_id as own
    from input i join refresh_tokens t on t.digest = i.digest join grants g on g.id = t.grant_id
), whole as (
    update grants g set revoked_at = h.now from held h where g.id = h.id and h.own and g.revoked_at is null
)
select n, own from held
"""


@frozen
class Rotation:
    """What became of a refresh token.

    `outcome` is "rotated", "retried" (`successor` then holds the answer given first) or says what was wrong.
    """

    outcome: str
    grant_id: UUID | None = None
    user_id: UUID | None = None
    scope: str = ""
    successor: bytes | None = None


class RefreshTokens:
    """The table of refresh tokens."""

    def __init__(self, database: Database) -> None:
        self._rotate = database.statement(
            "refresh_tokens_rotate",
            ROTATE,
            (
                "bytea[]",
                "text[]",
                "text[]",
                "timestamptz[]",
                "timestamptz[]",
                "bytea[]",
                "timestamptz[]",
                "bytea[]",
                "timestamptz[]",
                "bytea[]",
            ),
        )
        self._find = database.statement("refresh_tokens_find", FIND, ("bytea[]", "timestamptz[]"), shared=True)
        self._revoke = database.statement("refresh_tokens_revoke", REVOKE, ("bytea[]", "text[]", "timestamptz[]"))

    async def rotate(
        self,
        digest: bytes,
        client_id: str,
        scope: str | None,
        now: datetime,
        window_start: datetime,
        access_digest: bytes,
        access_expires_at: datetime,
        refresh_digest: bytes,
        refresh_expires_at: datetime,
        successor: bytes,
    ) -> Rotation:
        """Claim the token and store its successors; of any number of callers at most one gets "rotated"."""
        row = await self._rotate(
            digest,
            client_id,
            scope,
            now,
            window_start,
            access_digest,
            access_expires_at,
            refresh_digest,
            refresh_expires_at,
            successor,
        )
        return Rotation(*row) if row else Rotation("unknown")

    async def find(self, digest: bytes, now: datetime) -> LiveToken | None:
        """The unused token with this digest, if it and its grant live."""
        row = await self._find(digest, now)
        return LiveToken(*row) if row else None

    async def revoke(self, digest: bytes, client_id: str, now: datetime) -> bool:
        """End the client's token and everything under its grant (RFC 7009 §2.1); False where it is another client's."""
        row = await self._revoke(digest, client_id, now)
        return row is None or bool(row[0])
