"""Refresh tokens: rotated in one statement (RFC 6749 §6, RFC 9700 §4.14)."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Final

from iam.database.database import Database
from iam.records.actor import By, written
from iam.records.rotation import Rotation
from iam.records.token import Issued, LiveToken
from iam.store.access_tokens import joined
from iam.store.identities import identity

# Two are at work with one grant only where a token comes after its successor was used: that ends the grant, nothing else does.
# As long as the successor was not used, the answer may have been lost, however long ago: whoever repeats within the window gets
# the same successor, and later is refused, unless there is no window start: then there is no later. And a request that came
# before the successor was used, and was only slow (its client had hung up and asked another server), is nobody's fault.
# A repetition may be renewed: the successor stays, and gets an access token more, on the terms of this request.
# Where a token is asked for some of the resources, the others need not live.
# A narrowed scope is the access token's, not the successor's; and so it is where the client may ask for less by now.
# (A caller that waited in `held` cannot see, in its older snapshot, the successor just stored: no successor is an unused one.)
ROTATE = """
with input as (
    select i.*, nullif(string_to_array(i.audience_text, ' '), '{}') as asked
    from unnest($1::bytea[], $2::date[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::timestamptz[],
                $8::bytea[], $9::date[], $10::integer[], $11::bytea[], $12::date[], $13::timestamptz[], $14::bytea[],
                $15::text[], $16::text[], $17::text[], $18::boolean[])
    with ordinality as i (digest, day, client_id, scope, audience_text, now, window_start,
                          access_digest, access_day, access_lifetime,
                          refresh_digest, refresh_day, refresh_expires_at, successor, address, client_scopes,
                          resource_scopes, renew, n)
), held as materialized (
    select i.n, r.* from input i join refresh_tokens r on r.digest = i.digest and r.day = i.day
    order by r.digest for update of r
), judged as materialized (
    select i.*, h.grant_id, h.scope as full_scope, h.successor as given, g.user_id, g.expires_at as grant_expires_at,
        g.session_id, g.openid,
        coalesce(i.asked, nullif(g.resources, '{}')) as audience,
        case
            when o.client_id <> i.client_id then 'other client'
            when g.id is null then 'grant ended'
            when h.expires_at <= i.now then 'expired'
            when s.used_at > i.now then 'superseded'
            when s.used_at is not null then 'used'
            when s.expires_at <= i.now then 'expired'
            when h.used_at <= i.window_start then 'late'
            when h.used_at is not null and not i.renew then 'retried'
            when i.scope is not null
                and not string_to_array(i.scope, ' ') <@ string_to_array(h.scope, ' ') then 'wider scope'
            when not i.asked <@ g.resources then 'other resource'
            when h.used_at is not null then 'renewed'
            else 'rotated'
        end as verdict
    from input i join held h using (n)
    join grants o on o.id = h.grant_id
    left join refresh_tokens s on s.digest = h.successor_digest and s.day = h.successor_day
    left join lateral may_live(
        h.grant_id, i.now, h.issued_at, case when i.asked <@ o.resources then i.asked end, 'refresh_token'
    ) g on true
), scoped as materialized (
    select j.*, (
            select coalesce(string_agg(given.name, ' ' order by given.n), '')
            from unnest(string_to_array(
                case when j.audience is null then coalesce(j.scope, j.full_scope)
                    else scope_at(coalesce(j.scope, j.full_scope), j.audience, j.user_id, j.client_id) end, ' '
            )) with ordinality given (name, n)
            where given.name = any (string_to_array(j.client_scopes, ' '))
                or (j.audience is not null and given.name = any (string_to_array(j.resource_scopes, ' ')))
        ) as access_scope,
        least(j.grant_expires_at, j.now + make_interval(secs => case
            when j.audience is null then j.access_lifetime else coalesce(lifetime_for(j.audience), j.access_lifetime)
        end)) as access_expires_at
    from judged j
), answered as materialized (
    select j.*, case
            when j.verdict in ('rotated', 'renewed') and j.access_scope = '' then 'no scope' else j.verdict
        end as outcome
    from scoped j
), claimed as (
    update refresh_tokens r
    set used_at = j.now, successor = j.successor, successor_digest = j.refresh_digest, successor_day = j.refresh_day
    from answered j
    where r.digest = j.digest and r.day = j.day and j.outcome = 'rotated' and r.used_at is null
    returning j.n
), access as (
    insert into access_tokens (day, digest, grant_id, scope, audience, issued_at, expires_at)
    select j.access_day, j.access_digest, j.grant_id, j.access_scope, j.audience, j.now, j.access_expires_at
    from answered j left join claimed c using (n) where c.n is not null or j.outcome = 'renewed'
), refresh as (
    insert into refresh_tokens (day, digest, grant_id, scope, issued_at, expires_at)
    select j.refresh_day, j.refresh_digest, j.grant_id, j.full_scope, j.now, least(j.refresh_expires_at, j.grant_expires_at)
    from answered j join claimed using (n)
), reused as (
    update grants g set revoked_at = j.now from answered j
    where g.id = j.grant_id and j.outcome = 'used' and g.revoked_at is null
    returning g.id, g.user_id, j.client_id, j.now, j.address
), audited as (
    insert into audit_events (day, at, kind, actor, subject, client, address, detail)
    select audit_day(r.now), r.now, 'refresh_token.reused', 'client ' || r.client_id, r.user_id::text, r.client_id, r.address::inet,
        jsonb_build_object('grant', r.id)
    from reused r
)
select j.n, case when j.outcome = 'rotated' and c.n is null then 'used' else j.outcome end,
    j.grant_id, j.given, j.client_id, j.user_id, j.access_scope, j.audience, j.now, j.access_expires_at,
    j.session_id, j.openid
from answered j left join claimed c using (n)
"""

FIND = """
select i.n, g.id, g.client_id, g.user_id, g.username, t.scope, nullif(g.resources, '{}'), t.issued_at, t.expires_at
from unnest($1::bytea[], $2::date[], $3::timestamptz[]) with ordinality as i (digest, day, now, n)
join refresh_tokens t on t.digest = i.digest and t.day = i.day and t.used_at is null and t.expires_at > i.now
join lateral may_live(t.grant_id, i.now, t.issued_at, null, 'refresh_token') g on true
"""

REVOKE = """
with input as (
    select * from unnest($1::bytea[], $2::date[], $3::text[], $4::timestamptz[], $5::text[], $6::text[])
    with ordinality as i (digest, day, client_id, now, actor, address, n)
), held as materialized (
    select i.*, g.id, g.client_id = i.client_id as own
    from input i
    join refresh_tokens t on t.digest = i.digest and t.day = i.day
    join grants g on g.id = t.grant_id
), whole as (
    update grants g set revoked_at = h.now from held h where g.id = h.id and h.own and g.revoked_at is null
    returning g.id, g.user_id, g.client_id, h.now, h.actor, h.address
), audited as (
    insert into audit_events (day, at, kind, actor, subject, client, address, detail)
    select audit_day(w.now), w.now, 'token.revoked', coalesce(w.actor, 'client ' || w.client_id), w.user_id::text,
        w.client_id, w.address::inet, jsonb_build_object('grant', w.id)
    from whole w
)
select n, own from held
"""


ISSUED: Final = ("rotated", "renewed")


class RefreshTokens:
    """The table of refresh tokens."""

    def __init__(self, database: Database) -> None:
        presented = ("bytea[]", "date[]", "text[]", "text[]", "text[]", "timestamptz[]", "timestamptz[]")
        successors = (
            "bytea[]",
            "date[]",
            "integer[]",
            "bytea[]",
            "date[]",
            "timestamptz[]",
            "bytea[]",
            "text[]",
            "text[]",
            "text[]",
            "boolean[]",
        )
        self._rotate = database.statement("refresh_tokens_rotate", ROTATE, presented + successors)
        self._find = database.statement(
            "refresh_tokens_find", FIND, ("bytea[]", "date[]", "timestamptz[]"), shared=True
        )
        self._revoke = database.statement(
            "refresh_tokens_revoke", REVOKE, ("bytea[]", "date[]", "text[]", "timestamptz[]", "text[]", "text[]")
        )

    async def rotate(
        self,
        *,
        digest: bytes,
        day: date,
        client_id: str,
        scope: str | None,
        audience: Sequence[str],
        now: datetime,
        window_start: datetime | None,
        access_digest: bytes,
        access_day: date,
        access_lifetime: int,
        refresh_digest: bytes,
        refresh_day: date,
        refresh_expires_at: datetime,
        successor: bytes,
        client_scopes: Sequence[str],
        resource_scopes: Iterable[str] = (),
        address: str | None = None,
        renew: bool = False,
    ) -> Rotation:
        """Claim the token and store its successors; of any number of callers at most one gets "rotated".

        A token that was used before `window_start` is "late"; without one it never is. `renew` stores the access token for a
        repetition too: it is "renewed" then, where it would be "retried".
        """
        row = await self._rotate(
            digest,
            day,
            client_id,
            scope,
            joined(audience),
            now,
            window_start,
            access_digest,
            access_day,
            access_lifetime,
            refresh_digest,
            refresh_day,
            refresh_expires_at,
            successor,
            written(address),
            " ".join(client_scopes),
            " ".join(resource_scopes),
            renew,
        )
        if row is None:
            return Rotation("unknown")
        outcome, grant_id, successor, *told, session_id, openid = row
        issued = Issued(*told)
        about = identity(issued.user_id, session_id, openid)
        return Rotation(outcome, grant_id, successor, issued if outcome in ISSUED else None, about)

    async def find(self, digest: bytes, day: date, now: datetime) -> LiveToken | None:
        """The unused token with this digest, if it and its grant live."""
        row = await self._find(digest, day, now)
        return LiveToken(*row) if row else None

    async def revoke(self, digest: bytes, day: date, client_id: str, now: datetime, by: By | None) -> bool:
        """End the client's token and everything under its grant (RFC 7009 §2.1); False where it is another client's."""
        row = await self._revoke(digest, day, client_id, now, by and by.actor, by and by.address)
        return row is None or bool(row[0])
