"""The SQL that redeeming a code and rotating a refresh token have in common.

Both lock what was presented (`held`), say what is wrong with it (`judged`), work out the access token (`answered`),
claim what was presented (`claimed`), and store the tokens. Decisions: docs/decisions/grants.md,
docs/decisions/refresh.md.
"""

from collections.abc import Sequence
from typing import Final

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
    insert into access_tokens (day, digest, grant_id, scope, audience, issued_at, expires_at)
    select j.access_day, j.access_digest, j.grant_id, j.access_scope, j.resources, j.now, j.access_expires_at
    from answered j left join claimed c using (n) where c.n is not null or j.outcome = 'renewed'
), refresh as (
    insert into refresh_tokens (day, digest, grant_id, scope, issued_at, expires_at)
    select j.refresh_day, j.refresh_digest, j.grant_id, j.full_scope, j.now, least(j.refresh_expires_at, j.grant_expires_at)
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
