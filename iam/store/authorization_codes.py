"""Authorization codes: stored under a new grant, and redeemed in one statement (RFC 6749 §4.1, H40)."""

import json
from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from typing import Final
from uuid import UUID

from attrs import asdict, evolve, field, frozen

from iam.database.database import Database
from iam.database.inputs import fit
from iam.records.actor import written
from iam.records.redemption import Redemption
from iam.records.token import Issued
from iam.store.identities import identity
from iam.store.issuance import (
    ANSWER,
    ANSWER_CLAIM,
    ANSWERED,
    CLAIMED,
    JUDGED,
    RESOURCES,
    SCOPE,
    STORED,
    STORED_CLAIM,
    WHOLE,
    asked,
    given,
)


def listed(values: Iterable[str]) -> list[str]:
    """Returns the strings as a list, which PostgreSQL takes as an array."""
    return list(values)


def spaced(scopes: Iterable[str]) -> str:
    """Returns the scopes separated by spaces (RFC 6749 §3.3)."""
    return " ".join(scopes)


def written_json(value: object) -> str | None:
    """Returns the value as JSON text; None stays None, which is null in SQL."""
    return None if value is None else json.dumps(value)


@frozen
class IssueCode:
    """What a person just allowed, and the code for it.

    A grant that is `session_bound` ends with the session. `consented` are the scopes, and those behind claims requested
    by name; `allowed` holds them by resource, and under NOWHERE. A person who was not `asked` must have allowed all of
    it before. What they `declined`, they were shown and do not allow, though they may have allowed it before.
    A person who was not asked since the client is `trusted` need not have allowed anything. `client_digest` is of what a
    client that is a document says about itself. A code with a `confirmation` is for the holder of this
    key alone.
    """

    digest: bytes
    day: date
    grant_id: UUID
    user_id: UUID
    client_id: str
    session_id: UUID
    session_day: date
    scope: str = field(converter=spaced)
    consented: Sequence[str] = field(converter=listed)
    allowed: str | None = field(converter=written_json)
    resources: Sequence[str] = field(converter=listed)
    redirect_uri: str
    redirect_uri_sent: bool
    code_challenge: str | None
    now: datetime
    expires_at: datetime
    grant_expires_at: datetime
    address: str | None = field(default=None, converter=written)
    openid: str | None = field(default=None, converter=written_json)
    session_bound: bool = False
    grant_type: str = "authorization_code"
    asked: bool = True
    declined: Sequence[str] = field(default=(), converter=listed)
    trusted: bool = False
    client_digest: bytes | None = None
    confirmation: str | None = None


@frozen
class ClaimCode:
    """A code that a client presents, and the tokens to be issued for it.

    `client_scopes` are the scopes that the client may have now, `resource_scopes` those that it may have at resources
    only: it may have been allowed more when the code was issued. `access_lifetime` is in seconds. `confirmation` is the key
    that the client has proved to hold, to which the access token is bound, and `refresh_confirmation` the refresh token.
    """

    digest: bytes
    day: date
    client_id: str
    redirect_uri: str | None
    code_challenge: str | None
    audience: Sequence[str] | None = field(converter=asked)
    now: datetime
    access_digest: bytes
    access_day: date
    access_lifetime: int
    refresh_digest: bytes | None
    refresh_day: date | None
    refresh_expires_at: datetime
    client_scopes: Collection[str]
    resource_scopes: Collection[str] = ()
    confirmation: str | None = None
    refresh_confirmation: str | None = None


@frozen
class Redeem(ClaimCode):
    """The same, and the address that the audit log gets if the code was used before."""

    address: str | None = field(default=None, converter=written)


# The consent, the grant and the code are stored together. The audit log gets a consent only if it adds something. A
# person who is not asked now must have allowed all of it before, and still do so: that consent is locked, so that one
# which is being taken back does not come again. What they decline now is not allowed any more: grants of the client
# that have it end, for good. What a trusted client gets is noted as nobody's answer.
# Person, client and session must exist, and are locked so that they stay: a statement that ends the session then finds
# the grant and ends it too. They are locked in this order, and the consent after them, because a deletion goes from a
# person or a client to its dependents.
GRANTING: Final = """
with there as materialized (
    select c.metadata from users u, clients c, sessions s
    where u.id = %(user_id)s and c.id = %(client_id)s and s.id = %(session_id)s and s.day = %(session_day)s
    for key share
), covering as materialized (
    select from consents k, there
    where not %(asked)s and not %(trusted)s and k.user_id = %(user_id)s and k.client_id = %(client_id)s
        and k.scopes @> %(consented)s::text[] and k.resources @> %(allowed)s::jsonb
    for no key update of k
), {living}, consented as (
    insert into consents (user_id, client_id, scopes, resources, unasked, granted_at, client_digest)
    select %(user_id)s, %(client_id)s, %(consented)s, %(allowed)s::jsonb,
        case when %(trusted)s then %(allowed)s::jsonb else '{}' end, %(now)s, %(client_digest)s::bytea
    from living
    on conflict (user_id, client_id) do update
    set granted_at = excluded.granted_at, client_digest = excluded.client_digest,
        scopes = array(select unnest(consents.scopes) except select unnest(%(declined)s::text[])
            union select unnest(excluded.scopes) order by 1),
        resources = consented_with(consented_without(consents.resources, %(declined)s), excluded.resources),
        unasked = case
            when %(trusted)s then consented_with(consents.unasked, consented_minus(excluded.resources, consents.resources))
            else consented_minus(consented_without(consents.unasked, %(declined)s), excluded.resources)
        end
    returning case when not exists (
        select from consents k
        where k.user_id = %(user_id)s and k.client_id = %(client_id)s and k.scopes @> %(consented)s::text[]
            and k.resources @> %(allowed)s::jsonb
    ) then audited(case when %(trusted)s then 'consent.presumed' else 'consent.given' end, %(now)s, 'user ' || %(user_id)s, %(address)s,
        subject => %(user_id)s::text, client => %(client_id)s,
        detail => jsonb_strip_nulls(jsonb_build_object('scope', array_to_string(%(consented)s::text[], ' '),
            'resources', nullif(%(allowed)s::jsonb - '', '{}')))) end,
    case when exists (
        select from consents k
        where k.user_id = %(user_id)s and k.client_id = %(client_id)s and k.scopes && %(declined)s::text[]
    ) then audited('consent.withdrawn', %(now)s, 'user ' || %(user_id)s, %(address)s,
        subject => %(user_id)s::text, client => %(client_id)s,
        detail => jsonb_build_object('scope', array_to_string(%(declined)s::text[], ' '))) end
), ended as (
    update grants g set revoked_at = %(now)s from living
    where g.user_id = %(user_id)s and g.client_id = %(client_id)s and g.revoked_at is null
        and %(declined)s::text[] <> '{}' and string_to_array(g.scope, ' ') && %(declined)s::text[]
), granted as (
    insert into grants (id, user_id, client_id, session_id, grant_type, scope, resources, created_at, expires_at,
        openid, session_bound, client_digest)
    select %(grant_id)s, %(user_id)s, %(client_id)s, %(session_id)s, %(grant_type)s, %(scope)s, %(resources)s,
        %(now)s, %(grant_expires_at)s, %(openid)s, %(session_bound)s, %(client_digest)s::bytea
    from living
)
insert into authorization_codes
    (day, digest, grant_id, client_id, redirect_uri, redirect_uri_sent, code_challenge, expires_at, confirmation)
select %(day)s, %(digest)s, %(grant_id)s, %(client_id)s, %(redirect_uri)s, %(redirect_uri_sent)s,
    %(code_challenge)s, %(expires_at)s, %(confirmation)s
from living
returning grant_id
"""

ISSUE: Final = GRANTING.replace(
    "{living}",
    """living as materialized (
    select from there t
    where case when %(trusted)s then t.metadata @> '{"trusted": true}' else %(asked)s or exists (select from covering) end
)""",
)

# What a device asks for is allowed once, by a person who was asked; the first one decides.
APPROVE: Final = GRANTING.replace(
    "{living}",
    """living as (
    update device_codes d set allowed = true, refreshes = %(refreshes)s from there
    where d.digest = %(digest)s and d.client_id = %(client_id)s and d.expires_at > %(now)s and d.allowed is null
    returning audited('device.allowed', %(now)s, 'user ' || %(user_id)s, %(address)s,
        subject => %(user_id)s::text, client => %(client_id)s,
        detail => jsonb_strip_nulls(jsonb_build_object('scope', %(scope)s::text, 'device', d.address)))
)""",
)

# A code that was not used, of this client, with everything that belongs to it, whose grant lives: almost every one. Of any
# number of statements that wait for its row only the first still finds it unused.
# With PKCE the redirect URI may be left out (OAuth 2.1 §4.1.3); if it is sent, it must be the same, byte for byte.
CLAIM: Final = fit(
    ClaimCode,
    """
with claimed as (
    update authorization_codes c set used_at = i.now
    from {input}, grants g
    where c.digest = i.digest and c.day = i.day and c.used_at is null
        and c.expires_at > i.now and c.client_id = i.client_id and c.code_challenge is not distinct from i.code_challenge
        and (c.confirmation is null or c.confirmation = i.confirmation)
        and case
            when i.redirect_uri is null then c.code_challenge is not null or not c.redirect_uri_sent
            else i.redirect_uri = c.redirect_uri
        end
        and g.id = c.grant_id
        and exists (select from may_live(c.grant_id, i.now, null, i.audience, null))
        and {whole}
    returning {claimed}, g.scope as full_scope
), {stored}
{answer}
""",
    whole=WHOLE,
    claimed=CLAIMED,
    stored=STORED_CLAIM,
    answer=ANSWER_CLAIM,
    scope=SCOPE,
    resources=RESOURCES,
    wanted="g.scope",
)

# `held` waits for other requests with the same code and sees what they left; `judged` says what is wrong, if anything;
# `claimed` succeeds at most once. A used code that its client presents again revokes its grant (RFC 6749 §4.1.2), but
# not if this request came before the one that won and was only slow: then the client had hung up, asked another server,
# and has its tokens.
# With PKCE the redirect URI may be left out (OAuth 2.1 §4.1.3); if it is sent, it must be the same, byte for byte.
# Granted resources that the request does not ask for need not be valid any more.
REDEEM: Final = fit(
    Redeem,
    """
with input as materialized (
    select * from {input}
), held as materialized (
    select i.n, c.* from input i join authorization_codes c on c.digest = i.digest and c.day = i.day
    order by c.digest for update of c
), judged as materialized (
    {judged},
        null::bytea as given, g.scope as full_scope, g.scope as wanted_scope,
        case
            when h.client_id <> i.client_id then 'other client'
            when h.used_at > i.now then 'superseded'
            when h.used_at is not null then 'used'
            when h.expires_at <= i.now then 'expired'
            when i.redirect_uri is not null and i.redirect_uri <> h.redirect_uri then 'other redirect_uri'
            when i.redirect_uri is null and h.redirect_uri_sent and h.code_challenge is null then 'no redirect_uri'
            when i.code_challenge is distinct from h.code_challenge then 'wrong code_verifier'
            when h.confirmation <> coalesce(i.confirmation, '') then 'other key'
            when g.id is null then 'grant ended'
            when not i.audience <@ g.resources then 'other resource'
            else 'redeemed'
        end as verdict
    from input i join held h using (n)
    left join grants o on o.id = h.grant_id
    left join lateral may_live(
        h.grant_id, i.now, null, case when i.audience <@ o.resources then i.audience end, null
    ) g on true
), {answered}, claimed as (
    update authorization_codes c set used_at = j.now from answered j
    where c.digest = j.digest and c.day = j.day and j.outcome = 'redeemed' and c.used_at is null
    returning j.n
), {stored}, replayed as (
    update grants g set revoked_at = j.now from answered j
    where g.id = j.grant_id and j.outcome = 'used' and g.revoked_at is null
    returning audited('code.replayed', j.now, 'client ' || j.client_id, j.address,
        subject => g.user_id::text, client => j.client_id, detail => jsonb_build_object('grant', g.id))
)
{answer}
""",
    judged=JUDGED,
    answered=ANSWERED,
    stored=STORED,
    answer=ANSWER,
)


class AuthorizationCodes:
    """The table of authorization codes."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._claim = database.statement("authorization_codes_claim", ClaimCode, CLAIM)
        self._redeem = database.statement("authorization_codes_redeem", Redeem, REDEEM)

    async def issue(self, code: IssueCode) -> bool:
        """Stores the consent, the grant and the code for what this person just allowed.

        Returns False, and stores nothing, if the session of this id and day of expiry has ended, if the person or the
        client is gone, or if a person who was not asked no longer allows all of it.
        """
        return bool(await self._database.query(ISSUE, asdict(code, recurse=False)))

    async def approve(self, code: IssueCode, *, refreshes: bool) -> bool:
        """Does the same for a device whose code is waiting, which `refreshes` or not, and notes that it is allowed.

        Returns False, and stores nothing, also if that code has ended, or somebody has decided about it.
        """
        return bool(await self._database.query(APPROVE, {**asdict(code, recurse=False), "refreshes": refreshes}))

    async def redeem(self, code: Redeem) -> Redemption:
        """Claims the code and stores the tokens for it; of any number of callers at most one gets "redeemed"."""
        claimed = await self._claim(code)
        if claimed is None:
            return await self._judge(code)
        issued, about = given(claimed, code.client_id, code.now, code.confirmation)
        return Redemption("redeemed", issued=issued, identity=about)

    async def _judge(self, code: Redeem) -> Redemption:
        """Does the same for a code with which something may be wrong, and says what."""
        row = await self._redeem(code)
        if row is None:
            return Redemption("unknown")
        outcome, grant_id, _, session_id, openid, *terms = row
        if outcome != "redeemed":
            return Redemption(outcome, grant_id)
        issued = evolve(Issued(*terms), confirmation=code.confirmation)
        return Redemption(outcome, grant_id, issued, identity(issued.user_id, session_id, openid))
