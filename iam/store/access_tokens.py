"""Access tokens: stored as digests under a grant (RFC 6749 §1.4)."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from iam.database.database import Database
from iam.records.actor import By
from iam.records.token import Issued, LiveToken

# What a token is for decides how long it lives, and which of the scopes mean something there (RFC 8707).
ISSUE = """
with input as (
    select i.*, nullif(string_to_array(i.audience_text, ' '), '{}') as audience
    from unnest($1::bytea[], $2::date[], $3::uuid[], $4::text[], $5::text[], $6::timestamptz[], $7::integer[])
    with ordinality as i (digest, day, grant_id, scope, audience_text, now, lifetime, n)
), judged as materialized (
    select i.n, i.day, i.digest, i.grant_id, g.client_id, g.user_id, i.audience, i.now,
        case when i.audience is null then i.scope else scope_for(i.scope, i.audience) end as scope,
        i.now + make_interval(secs => case
            when i.audience is null then i.lifetime else coalesce(lifetime_for(i.audience), i.lifetime)
        end) as expires_at
    from input i
    join lateral may_live(i.grant_id, i.now, i.now, i.audience, null) g on true
), issued as (
    insert into access_tokens (day, digest, grant_id, scope, audience, issued_at, expires_at)
    select j.day, j.digest, j.grant_id, j.scope, j.audience, j.now, j.expires_at
    from judged j where j.scope <> ''
)
select n, client_id, user_id, scope, audience, now, expires_at from judged
"""

FIND = """
select i.n, g.id, g.client_id, g.user_id, g.username, t.scope, t.audience, t.issued_at, t.expires_at
from unnest($1::bytea[], $2::date[], $3::timestamptz[]) with ordinality as i (digest, day, now, n)
join access_tokens t on t.digest = i.digest and t.day = i.day and t.revoked_at is null and t.expires_at > i.now
join lateral may_live(t.grant_id, i.now, t.issued_at, t.audience, null) g on true
"""

# A person's grant ends with any of its tokens; a client's own grant is standing, so there only the token ends.
REVOKE = """
with input as (
    select * from unnest($1::bytea[], $2::date[], $3::text[], $4::timestamptz[], $5::text[], $6::text[])
    with ordinality as i (digest, day, client_id, now, actor, address, n)
), held as materialized (
    select i.*, t.grant_id, t.revoked_at, g.user_id, g.revoked_at as ended_at, g.client_id = i.client_id as own
    from input i
    join access_tokens t on t.digest = i.digest and t.day = i.day
    join grants g on g.id = t.grant_id
), token as (
    update access_tokens t set revoked_at = h.now from held h
    where t.digest = h.digest and t.day = h.day and h.own and t.revoked_at is null
), whole as (
    update grants g set revoked_at = h.now from held h
    where g.id = h.grant_id and h.own and h.user_id is not null and g.revoked_at is null
), audited as (
    insert into audit_events (day, at, kind, actor, subject, client, address, detail)
    select audit_day(h.now), h.now, 'token.revoked', coalesce(h.actor, 'client ' || h.client_id), h.user_id::text,
        h.client_id, h.address::inet, jsonb_build_object('grant', h.grant_id)
    from held h where h.own and h.revoked_at is null and h.ended_at is null
)
select n, own from held
"""


class AccessTokens:
    """The table of access tokens."""

    def __init__(self, database: Database) -> None:
        self._issue = database.statement(
            "access_tokens_issue",
            ISSUE,
            ("bytea[]", "date[]", "uuid[]", "text[]", "text[]", "timestamptz[]", "integer[]"),
        )
        self._find = database.statement("access_tokens_find", FIND, ("bytea[]", "date[]", "timestamptz[]"), shared=True)
        self._revoke = database.statement(
            "access_tokens_revoke", REVOKE, ("bytea[]", "date[]", "text[]", "timestamptz[]", "text[]", "text[]")
        )

    async def issue(
        self,
        *,
        digest: bytes,
        day: date,
        grant_id: UUID,
        scope: str,
        audience: Sequence[str],
        now: datetime,
        lifetime: int,
    ) -> Issued | None:
        """Store a token under a grant; None where the grant does not live. An empty scope: nothing was stored.

        `lifetime` is in seconds, and that of the resources in `audience` takes its place.
        """
        row = await self._issue(digest, day, grant_id, scope, joined(audience), now, lifetime)
        return Issued(*row) if row else None

    async def find(self, digest: bytes, day: date, now: datetime) -> LiveToken | None:
        """The token with this digest, if it and its grant live."""
        row = await self._find(digest, day, now)
        return LiveToken(*row) if row else None

    async def revoke(self, digest: bytes, day: date, client_id: str, now: datetime, by: By | None) -> bool:
        """End the client's token, and the person's grant it stands for (RFC 7009 §2.1); False where it is another client's."""
        row = await self._revoke(digest, day, client_id, now, by and by.actor, by and by.address)
        return row is None or bool(row[0])


def joined(audience: Sequence[str]) -> str | None:
    """Resources as one text, since arrays of arrays have no place in a batch; no URI has a space in it."""
    return " ".join(audience) or None
