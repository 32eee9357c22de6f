"""Authorization codes: stored under a new grant, claimed and answered for in one statement (RFC 6749 §4.1, H40)."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from iam.database.database import Database
from iam.records.actor import written
from iam.records.redemption import Redemption
from iam.records.token import Issued
from iam.store.access_tokens import joined
from iam.store.identities import identity

# The person's consent, the grant and the code come into being together. What was allowed before is no news. Who was not asked
# now has allowed it before, and still does.
# They do so only while all three are there, which cannot go meanwhile: whoever ends the session finds the grant, and ends it too.
# Held in this order, as whoever deletes a person or a client goes from there to what hangs on it.
ISSUE = """
with living as materialized (
    select from users u, clients c, sessions s
    where u.id = %(user_id)s and c.id = %(client_id)s and s.id = %(session_id)s and s.day = %(session_day)s
        and (%(asked)s or exists (
            select from consents k
            where k.user_id = %(user_id)s and k.client_id = %(client_id)s
                and k.scopes @> %(consented)s::text[] and k.resources @> %(allowed)s::jsonb
        ))
    for key share
), consented as (
    insert into consents (user_id, client_id, scopes, resources, granted_at)
    select %(user_id)s, %(client_id)s, %(consented)s, %(allowed)s::jsonb, %(now)s from living
    on conflict (user_id, client_id) do update
    set granted_at = excluded.granted_at,
        scopes = array(select unnest(consents.scopes) union select unnest(excluded.scopes) order by 1),
        resources = consented_with(consents.resources, excluded.resources)
), granted as (
    insert into grants (id, user_id, client_id, session_id, grant_type, scope, resources, created_at, expires_at,
        openid, session_bound)
    select %(grant_id)s, %(user_id)s, %(client_id)s, %(session_id)s, %(grant_type)s, %(scope)s, %(resources)s,
        %(now)s, %(grant_expires_at)s, %(openid)s, %(session_bound)s
    from living
), audited as (
    insert into audit_events (day, at, kind, actor, subject, client, address, detail)
    select audit_day(%(now)s), %(now)s, 'consent.given', 'user ' || %(user_id)s, %(user_id)s::text, %(client_id)s,
        %(address)s::inet, jsonb_strip_nulls(jsonb_build_object('scope', array_to_string(%(consented)s::text[], ' '),
            'resources', nullif(%(allowed)s::jsonb - '', '{}')))
    from living
    where not exists (
        select from consents k
        where k.user_id = %(user_id)s and k.client_id = %(client_id)s and k.scopes @> %(consented)s::text[]
            and k.resources @> %(allowed)s::jsonb
    )
)
insert into authorization_codes
    (day, digest, grant_id, client_id, redirect_uri, redirect_uri_sent, code_challenge, expires_at)
select %(day)s, %(digest)s, %(grant_id)s, %(client_id)s, %(redirect_uri)s, %(redirect_uri_sent)s,
    %(code_challenge)s, %(expires_at)s
from living
returning grant_id
"""

# `held` waits for whoever else holds the code and sees it as they left it; `judged` says what is wrong, if anything;
# `claimed` can win once. A used code that is presented again by its client revokes its grant (RFC 6749 §4.1.2); not where
# the request came before the one that won, and was only slow: its client had hung up, asked another server, and has its tokens.
# With PKCE the redirect URI may stay away (OAuth 2.1 §4.1.3); sent, it must be the same, byte for byte.
# A token for some of the resources that were granted has their scopes and lifetime (RFC 8707 §2.2), the others need not live;
# and it has no scope that its
# client may not ask for any longer: `resource_scopes` are those that it may have at resources only.
REDEEM = """
with input as (
    select i.*, nullif(string_to_array(i.audience_text, ' '), '{}') as asked
    from unnest($1::bytea[], $2::date[], $3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[],
                $8::bytea[], $9::date[], $10::integer[], $11::bytea[], $12::date[], $13::timestamptz[],
                $14::text[], $15::text[], $16::text[])
    with ordinality as i (digest, day, client_id, redirect_uri, code_challenge, audience_text, now,
                          access_digest, access_day, access_lifetime, refresh_digest, refresh_day, refresh_expires_at,
                          address, client_scopes, resource_scopes, n)
), held as materialized (
    select i.n, c.* from input i join authorization_codes c on c.digest = i.digest and c.day = i.day
    order by c.digest for update of c
), judged as materialized (
    select i.*, h.grant_id, g.user_id, g.expires_at as grant_expires_at, g.session_id, g.openid,
        coalesce(i.asked, nullif(g.resources, '{}')) as audience,
        case when coalesce(i.asked, nullif(g.resources, '{}')) is null then g.scope
            else scope_at(g.scope, coalesce(i.asked, g.resources), g.user_id, g.client_id) end as allowed_scope,
        g.scope as full_scope,
        case
            when h.client_id <> i.client_id then 'other client'
            when h.used_at > i.now then 'superseded'
            when h.used_at is not null then 'used'
            when h.expires_at <= i.now then 'expired'
            when i.redirect_uri is not null and i.redirect_uri <> h.redirect_uri then 'other redirect_uri'
            when i.redirect_uri is null and h.redirect_uri_sent and h.code_challenge is null then 'no redirect_uri'
            when i.code_challenge is distinct from h.code_challenge then 'wrong code_verifier'
            when g.id is null then 'grant ended'
            when not i.asked <@ g.resources then 'other resource'
            else 'redeemed'
        end as verdict
    from input i join held h using (n)
    left join grants o on o.id = h.grant_id
    left join lateral may_live(
        h.grant_id, i.now, null, case when i.asked <@ o.resources then i.asked end, null
    ) g on true
), answered as materialized (
    select j.*, s.scope,
        case when j.verdict = 'redeemed' and s.scope = '' then 'no scope' else j.verdict end as outcome,
        least(j.grant_expires_at, j.now + make_interval(secs => case
            when j.audience is null then j.access_lifetime else coalesce(lifetime_for(j.audience), j.access_lifetime)
        end)) as access_expires_at
    from judged j cross join lateral (
        select coalesce(string_agg(given.name, ' ' order by given.n), '') as scope
        from unnest(string_to_array(j.allowed_scope, ' ')) with ordinality given (name, n)
        where given.name = any (string_to_array(j.client_scopes, ' '))
            or (j.audience is not null and given.name = any (string_to_array(j.resource_scopes, ' ')))
    ) s
), claimed as (
    update authorization_codes c set used_at = j.now from answered j
    where c.digest = j.digest and c.day = j.day and j.outcome = 'redeemed' and c.used_at is null
    returning j.n
), access as (
    insert into access_tokens (day, digest, grant_id, scope, audience, issued_at, expires_at)
    select j.access_day, j.access_digest, j.grant_id, j.scope, j.audience, j.now, j.access_expires_at
    from answered j join claimed using (n)
), refresh as (
    insert into refresh_tokens (day, digest, grant_id, scope, issued_at, expires_at)
    select j.refresh_day, j.refresh_digest, j.grant_id, j.full_scope, j.now, least(j.refresh_expires_at, j.grant_expires_at)
    from answered j join claimed using (n) where j.refresh_digest is not null
), replayed as (
    update grants g set revoked_at = j.now from answered j
    where g.id = j.grant_id and j.outcome = 'used' and g.revoked_at is null
    returning g.id, g.user_id, j.client_id, j.now, j.address
), audited as (
    insert into audit_events (day, at, kind, actor, subject, client, address, detail)
    select audit_day(r.now), r.now, 'code.replayed', 'client ' || r.client_id, r.user_id::text, r.client_id, r.address::inet,
        jsonb_build_object('grant', r.id)
    from replayed r
)
select j.n, case when j.outcome = 'redeemed' and c.n is null then 'used' else j.outcome end,
    j.grant_id, j.client_id, j.user_id, j.scope, j.audience, j.now, j.access_expires_at, j.session_id, j.openid
from answered j left join claimed c using (n)
"""


class AuthorizationCodes:
    """The table of authorization codes."""

    def __init__(self, database: Database) -> None:
        self._database = database
        presented = ("bytea[]", "date[]", "text[]", "text[]", "text[]", "text[]", "timestamptz[]")
        successors = (
            "bytea[]",
            "date[]",
            "integer[]",
            "bytea[]",
            "date[]",
            "timestamptz[]",
            "text[]",
            "text[]",
            "text[]",
        )
        self._redeem = database.statement("authorization_codes_redeem", REDEEM, presented + successors)

    async def issue(
        self,
        *,
        digest: bytes,
        day: date,
        grant_id: UUID,
        user_id: UUID,
        client_id: str,
        session_id: UUID,
        session_day: date,
        scopes: Sequence[str],
        consented: Sequence[str],
        allowed: Mapping[str, Sequence[str]],
        resources: Sequence[str],
        redirect_uri: str,
        redirect_uri_sent: bool,
        code_challenge: str | None,
        now: datetime,
        expires_at: datetime,
        grant_expires_at: datetime,
        address: str | None = None,
        openid: Mapping[str, Any] | None = None,
        session_bound: bool = False,
        grant_type: str = "authorization_code",
        asked: bool = True,
    ) -> bool:
        """Store consent, grant and code for what this person just allowed; a grant that is `session_bound` ends with the session.

        False, and nothing is stored, if the session of this id and day of expiry has ended, or person or client are gone.
        `consented` are the scopes, and those that stand for claims asked for one by one; `allowed` are those at each resource and
        NOWHERE. Who was not `asked` must have allowed all of it before.
        """
        rows = await self._database.query(
            ISSUE,
            {
                "digest": digest,
                "day": day,
                "grant_id": grant_id,
                "user_id": user_id,
                "client_id": client_id,
                "session_id": session_id,
                "session_day": session_day,
                "consented": list(consented),
                "scope": " ".join(scopes),
                "resources": list(resources),
                "redirect_uri": redirect_uri,
                "redirect_uri_sent": redirect_uri_sent,
                "code_challenge": code_challenge,
                "now": now,
                "expires_at": expires_at,
                "grant_expires_at": grant_expires_at,
                "address": written(address),
                "openid": None if openid is None else json.dumps(openid),
                "session_bound": session_bound,
                "grant_type": grant_type,
                "allowed": json.dumps(allowed),
                "asked": asked,
            },
        )
        return bool(rows)

    async def redeem(
        self,
        *,
        digest: bytes,
        day: date,
        client_id: str,
        redirect_uri: str | None,
        code_challenge: str | None,
        audience: Sequence[str],
        now: datetime,
        access_digest: bytes,
        access_day: date,
        access_lifetime: int,
        refresh_digest: bytes | None,
        refresh_day: date | None,
        refresh_expires_at: datetime,
        client_scopes: Sequence[str],
        resource_scopes: Iterable[str] = (),
        address: str | None = None,
    ) -> Redemption:
        """Claim the code and store the tokens for it; of any number of callers at most one gets "redeemed".

        `client_scopes` are those that the client may ask for now, `resource_scopes` those that it may at resources: it may have
        been allowed more when the code was made.
        """
        row = await self._redeem(
            digest,
            day,
            client_id,
            redirect_uri,
            code_challenge,
            joined(audience),
            now,
            access_digest,
            access_day,
            access_lifetime,
            refresh_digest,
            refresh_day,
            refresh_expires_at,
            written(address),
            " ".join(client_scopes),
            " ".join(resource_scopes),
        )
        if row is None:
            return Redemption("unknown")
        outcome, grant_id, *told, session_id, openid = row
        if outcome != "redeemed":
            return Redemption(outcome, grant_id)
        issued = Issued(*told)
        return Redemption(outcome, grant_id, issued, identity(issued.user_id, session_id, openid))
