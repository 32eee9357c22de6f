"""Access tokens (RFC 6749 §1.4), stored as digests under a grant."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final
from uuid import UUID

from attrs import field, frozen

from iam.database.database import Database
from iam.database.inputs import fit
from iam.records.actor import By
from iam.records.token import Issued, LiveToken
from iam.store.issuance import asked


@frozen
class IssueAccessToken:
    """An access token to be issued under a grant; resources in `audience` replace `lifetime` (seconds) by their own."""

    digest: bytes
    day: date
    grant_id: UUID
    scope: str
    audience: Sequence[str] | None = field(converter=asked)
    now: datetime
    lifetime: int


@frozen
class IssueConfirmedToken:
    """The same, bound to the certificate that `confirmation` names."""

    digest: bytes
    day: date
    grant_id: UUID
    scope: str
    audience: Sequence[str] | None = field(converter=asked)
    now: datetime
    lifetime: int
    confirmation: str


@frozen
class IssueBoundToken:
    """The same, bound to the key that `confirmation` names instead; `proof` and `proof_day` are the use of its proof."""

    proof: bytes
    proof_day: date
    digest: bytes
    day: date
    grant_id: UUID
    scope: str
    audience: Sequence[str] | None = field(converter=asked)
    now: datetime
    lifetime: int
    confirmation: str


@frozen
class FindToken:
    """The digest of a token, the day of its partition, and the moment at which it must be valid."""

    digest: bytes
    day: date
    now: datetime


@frozen
class RevokeToken:
    """The revocation of a token, requested by a client."""

    digest: bytes
    day: date
    client_id: str
    now: datetime
    actor: str
    address: str | None

    @classmethod
    def of(cls, digest: bytes, day: date, client_id: str, now: datetime, by: By) -> "RevokeToken":
        """Returns the revocation of the token with this digest."""
        return cls(digest, day, client_id, now, by.actor, by.address)


# The resources of a token decide how long it lives and which of the scopes it has (RFC 8707).
ISSUE, ISSUE_CONFIRMED = (
    fit(
        record,
        """
with judged as materialized (
    select i.n, i.day, i.digest, i.grant_id, g.client_id, g.user_id, i.audience, i.now{asked},
        case when i.audience is null then i.scope else scope_for(i.scope, i.audience) end as scope,
        i.now + make_interval(secs => case
            when i.audience is null then i.lifetime else coalesce(lifetime_for(i.audience), i.lifetime)
        end) as expires_at
    from {input}
    join lateral may_live(i.grant_id, i.now, i.now, i.audience, null) g on true
), issued as (
    insert into access_tokens (day, digest, grant_id, scope, audience, issued_at, expires_at{column})
    select j.day, j.digest, j.grant_id, j.scope, j.audience, j.now, j.expires_at{kept}
    from judged j where j.scope <> ''
)
select n, client_id, user_id, scope, audience, now, expires_at{column} from judged
""",
        asked=asked,
        column=column,
        kept=kept,
    )
    for record, asked, column, kept in (
        (IssueAccessToken, "", "", ""),
        (IssueConfirmedToken, ", i.confirmation", ", confirmation", ", j.confirmation"),
    )
)

# The same, for whoever uses the proof first (RFC 9449 §11.1): one statement, since a second one would be a second commit.
ISSUE_BOUND: Final = fit(
    IssueBoundToken,
    """
with input as materialized (
    select * from {input}
), proven as (
    insert into replays (digest, day) select i.proof, i.proof_day from input i
    on conflict do nothing
    returning digest, day
), judged as materialized (
    select i.n, i.day, i.digest, i.grant_id, g.client_id, g.user_id, i.audience, i.now, i.confirmation,
        case when i.audience is null then i.scope else scope_for(i.scope, i.audience) end as scope,
        i.now + make_interval(secs => case
            when i.audience is null then i.lifetime else coalesce(lifetime_for(i.audience), i.lifetime)
        end) as expires_at
    from input i join proven p on p.digest = i.proof and p.day = i.proof_day
    join lateral may_live(i.grant_id, i.now, i.now, i.audience, null) g on true
), issued as (
    insert into access_tokens (day, digest, grant_id, scope, audience, issued_at, expires_at, confirmation)
    select j.day, j.digest, j.grant_id, j.scope, j.audience, j.now, j.expires_at, j.confirmation
    from judged j where j.scope <> ''
)
select i.n, p.digest is not null, j.n is not null, j.client_id, j.user_id, j.scope, j.audience, j.now, j.expires_at,
    j.confirmation
from input i left join proven p on p.digest = i.proof and p.day = i.proof_day left join judged j on j.n = i.n
""",
)

FIND: Final = fit(
    FindToken,
    """
select i.n, g.id, g.client_id, g.user_id, g.username, t.scope, t.audience, t.issued_at, t.expires_at, t.confirmation
from {input}
join access_tokens t on t.digest = i.digest and t.day = i.day and t.revoked_at is null and t.expires_at > i.now
join lateral may_live(t.grant_id, i.now, t.issued_at, t.audience, null) g on true
""",
)

# A person's grant ends with any of its tokens; a client's own grant is permanent, so only the token ends.
REVOKE: Final = fit(
    RevokeToken,
    """
with held as materialized (
    select i.*, t.grant_id, g.user_id, g.revoked_at as ended_at, g.client_id = i.client_id as own
    from {input}
    join access_tokens t on t.digest = i.digest and t.day = i.day
    join grants g on g.id = t.grant_id
), token as (
    update access_tokens t set revoked_at = h.now from held h
    where t.digest = h.digest and t.day = h.day and h.own and t.revoked_at is null
    returning case when h.ended_at is null then audited('token.revoked', h.now, h.actor, h.address,
        subject => h.user_id::text, client => h.client_id, detail => jsonb_build_object('grant', h.grant_id)) end
), whole as (
    update grants g set revoked_at = h.now from held h
    where g.id = h.grant_id and h.own and h.user_id is not null and g.revoked_at is null
)
select n, own from held
""",
)


class AccessTokens:
    """The table of access tokens."""

    def __init__(self, database: Database) -> None:
        self._issue = database.statement("access_tokens_issue", IssueAccessToken, ISSUE)
        self._issue_confirmed = database.statement(
            "access_tokens_issue_confirmed", IssueConfirmedToken, ISSUE_CONFIRMED
        )
        self._issue_bound = database.statement("access_tokens_issue_bound", IssueBoundToken, ISSUE_BOUND)
        self._find = database.statement("access_tokens_find", FindToken, FIND, shared=True)
        self._revoke = database.statement("access_tokens_revoke", RevokeToken, REVOKE)

    async def issue(self, token: IssueAccessToken) -> Issued | None:
        """Stores a token under a grant.

        Returns None if the grant is not valid; with an empty scope nothing was stored.
        """
        row = await self._issue(token)
        return Issued(*row) if row else None

    async def issue_confirmed(self, token: IssueConfirmedToken) -> Issued | None:
        """Does the same with a token that is bound to a certificate."""
        row = await self._issue_confirmed(token)
        return Issued(*row) if row else None

    async def issue_bound(self, token: IssueBoundToken) -> tuple[bool, Issued | None]:
        """Does the same for the first who uses the proof; returns whether that is this one, and the token."""
        row = await self._issue_bound(token)
        if row is None:
            return False, None
        fresh, judged, *terms = row
        return bool(fresh), Issued(*terms) if judged else None

    async def find(self, digest: bytes, day: date, now: datetime) -> LiveToken | None:
        """Returns the token with this digest, or None unless it and its grant are valid."""
        row = await self._find(FindToken(digest, day, now))
        return LiveToken(*row) if row else None

    async def revoke(self, digest: bytes, day: date, client_id: str, now: datetime, by: By) -> bool:
        """Revokes the client's token and, if a person gave it, its grant (RFC 7009 §2.1).

        Returns False if the token is another client's, and True if it is unknown.
        """
        row = await self._revoke(RevokeToken.of(digest, day, client_id, now, by))
        return row is None or bool(row[0])
