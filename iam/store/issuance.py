"""The SQL that redeeming a code and rotating a refresh token have in common.

Almost always nothing is wrong with what is presented, and the client gets all that was granted. One slim statement does
that (`claimed`, `stored_claim`, `answer_claim`). Whatever it does not claim goes to a second statement, which judges
everything anew: it locks what was presented (`held`), says what is wrong with it (`judged`), works out the access token
(`answered`), claims what was presented (`claimed`), and stores the tokens. Each of the two is a transaction of its own,
and either does everything or nothing. Decisions: docs/decisions/claims.md, docs/decisions/grants.md,
docs/decisions/refresh.md.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from iam.database.connection import Row
from iam.records.identity import Identity
from iam.records.token import Issued
from iam.store.identities import identity

# The token is for the requested resources, or for all granted ones.
RESOURCES: Final = "coalesce(i.audience, nullif(g.resources, '{}'))"

# A token for some of the granted resources has their scopes (RFC 8707 §2.2).
SCOPE: Final = """
case when {resources} is null then {wanted} else scope_at({wanted}, {resources}, g.user_id, i.client_id) end
"""

# Nothing is lost: granted are all resources that the request asks for, and its client may still ask for all scopes of
# the token, for `resource_scopes` at resources only.
WHOLE: Final = """
(i.audience is null or i.audience <@ g.resources)
        and string_to_array(nullif({scope}, ''), ' ')
            <@ (i.client_scopes || case when {resources} is not null then i.resource_scopes end)
"""

# What the claim of one row returns, for the tokens and for the answer.
CLAIMED: Final = """
i.n, g.id as grant_id, g.session_id, g.openid, g.user_id, i.now, {scope} as access_scope, {resources} as resources,
        least(g.expires_at, i.now + make_interval(secs => case
            when {resources} is null then i.access_lifetime else coalesce(lifetime_for({resources}), i.access_lifetime)
        end)) as access_expires_at,
        i.access_day, i.access_digest, i.refresh_day, i.refresh_digest, i.confirmation, i.refresh_confirmation,
        least(i.refresh_expires_at, g.expires_at) as refresh_expires_at
"""

STORED_CLAIM: Final = """
access as (
    insert into access_tokens (day, digest, grant_id, scope, audience, issued_at, expires_at, confirmation)
    select access_day, access_digest, grant_id, access_scope, resources, now, access_expires_at, confirmation from claimed
), refresh as (
    insert into refresh_tokens (day, digest, grant_id, scope, issued_at, expires_at, confirmation)
    select refresh_day, refresh_digest, grant_id, full_scope, now, refresh_expires_at, refresh_confirmation
    from claimed where refresh_digest is not null
)
"""

ANSWER_CLAIM: Final = "select n, session_id, openid, user_id, access_scope, resources, access_expires_at from claimed"

# The columns of what was presented and its grant. The token is for the requested resources, or for all granted ones.
JUDGED: Final = """
    select i.*, h.grant_id, g.user_id, g.expires_at as grant_expires_at, g.session_id, g.openid,
        coalesce(i.audience, nullif(g.resources, '{}')) as resources
"""

# A token for some of the granted resources has their scopes and lifetime (RFC 8707 §2.2), and only scopes that its
# client may still ask for: `client_scopes`, and `resource_scopes` at resources only.
ANSWERED: Final = """
answered as materialized (
    select j.*, s.access_scope,
        case
            when j.verdict in ('redeemed', 'rotated', 'renewed') and s.access_scope = '' then 'no scope' else j.verdict
        end as outcome,
        least(j.grant_expires_at, j.now + make_interval(secs => case
            when j.resources is null then j.access_lifetime else coalesce(lifetime_for(j.resources), j.access_lifetime)
        end)) as access_expires_at
    from judged j cross join lateral (
        select coalesce(string_agg(given.name, ' ' order by given.n), '') as access_scope
        from unnest(string_to_array(case
            when j.resources is null then j.wanted_scope
            else scope_at(j.wanted_scope, j.resources, j.user_id, j.client_id)
        end, ' ')) with ordinality given (name, n)
        where given.name = any (j.client_scopes)
            or (j.resources is not null and given.name = any (j.resource_scopes))
    ) s
)
"""

# The refresh token has the full scope, even if the access token has only a part of it.
STORED: Final = """
access as (
    insert into access_tokens (day, digest, grant_id, scope, audience, issued_at, expires_at, confirmation)
    select j.access_day, j.access_digest, j.grant_id, j.access_scope, j.resources, j.now, j.access_expires_at,
        j.confirmation
    from answered j left join claimed c using (n) where c.n is not null or j.outcome = 'renewed'
), refresh as (
    insert into refresh_tokens (day, digest, grant_id, scope, issued_at, expires_at, confirmation)
    select j.refresh_day, j.refresh_digest, j.grant_id, j.full_scope, j.now, least(j.refresh_expires_at, j.grant_expires_at),
        j.refresh_confirmation
    from answered j join claimed using (n) where j.refresh_digest is not null
)
"""

# A request that waited while another one claimed the code or token finds it used.
ANSWER: Final = """
select j.n, case when j.outcome in ('redeemed', 'rotated') and c.n is null then 'used' else j.outcome end,
    j.grant_id, j.given, j.session_id, j.openid,
    j.client_id, j.user_id, j.access_scope, j.resources, j.now, j.access_expires_at
from answered j left join claimed c using (n)
"""


def asked(audience: Sequence[str]) -> Sequence[str] | None:
    """Returns the requested resources; None, for all that were granted, if there are none."""
    return audience or None


def given(row: Row, client_id: str, now: datetime, confirmation: str | None = None) -> tuple[Issued, Identity | None]:
    """Returns the access token and the login of ANSWER_CLAIM's row, for what this client presented `now`."""
    session_id, openid, user_id, scope, resources, expires_at = row
    issued = Issued(client_id, user_id, scope, resources, now, expires_at, confirmation)
    return issued, identity(user_id, session_id, openid)
