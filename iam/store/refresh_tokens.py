"""Refresh tokens: rotated in one statement (RFC 6749 §6, RFC 9700 §4.14)."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Final

from attrs import evolve, field, frozen

from iam.database.database import Database
from iam.database.inputs import fit
from iam.records.actor import By, written
from iam.records.rotation import Rotation
from iam.records.token import Issued, LiveToken
from iam.store.access_tokens import FindToken, RevokeToken
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


@frozen
class ClaimToken:
    """A refresh token that a client presents, and the tokens that are to take its place.

    `scope` is what the client asks for, None for all that was granted. `successor` is the answer, encrypted;
    `access_lifetime` is in seconds. `client_scopes` and what follows are as in ClaimCode.
    """

    digest: bytes
    day: date
    client_id: str
    scope: str | None
    audience: Sequence[str] | None = field(converter=asked)
    now: datetime
    access_digest: bytes
    access_day: date
    access_lifetime: int
    refresh_digest: bytes
    refresh_day: date
    refresh_expires_at: datetime
    successor: bytes
    client_scopes: Collection[str]
    resource_scopes: Collection[str] = ()
    confirmation: str | None = None
    refresh_confirmation: str | None = None


@frozen
class Rotate(ClaimToken):
    """The same, and how a token that was used before is judged.

    A token that was used at `window_start` or before is "late"; without a `window_start` none is. With `renew`, a
    repetition gets another access token and is "renewed" instead of "retried". With `keep`, the token stays good: it is
    not replaced, and the request is "renewed".
    """

    window_start: datetime | None = field(kw_only=True)
    address: str | None = field(default=None, converter=written)
    renew: bool = False
    keep: bool = False


# A token that was not used, of this client, whose grant lives: almost every one. Of any number of statements that wait
# for its row only the first still finds it unused. (The client is compared where nothing can be looked up by it: all grants of a
# client are many.)
CLAIM: Final = fit(
    ClaimToken,
    """
with claimed as (
    update refresh_tokens r
    set used_at = i.now, successor = i.successor, successor_digest = i.refresh_digest, successor_day = i.refresh_day
    from {input}, grants g
    where r.digest = i.digest and r.day = i.day and r.used_at is null and r.expires_at > i.now
        and (r.confirmation is null or r.confirmation = i.confirmation)
        and g.id = r.grant_id
        and (i.scope is null or string_to_array(i.scope, ' ') <@ string_to_array(r.scope, ' '))
        and exists (
            select from may_live(r.grant_id, i.now, r.issued_at, i.audience, 'refresh_token') live
            where live.client_id = i.client_id
        )
        and {whole}
    returning {claimed}, r.scope as full_scope
), {stored}
{answer}
""",
    whole=WHOLE,
    claimed=CLAIMED,
    stored=STORED_CLAIM,
    answer=ANSWER_CLAIM,
    scope=SCOPE,
    resources=RESOURCES,
    wanted="coalesce(i.scope, r.scope)",
)

# Only a token that comes after its successor was used shows that two parties use one grant: that ends the grant, and
# nothing else does. As long as the successor was not used, the answer may have been lost, however long ago: a
# repetition within the window gets the same successor, and a later one is refused; without a window start, none is too
# late. A request that came before the successor was used, and was only slow (its client had hung up and asked another
# server), ends nothing.
# A repetition may be renewed: the successor stays, and gets another access token, on the terms of this request.
# (So is a request for a token that is kept: under FAPI 2.0 none is replaced.)
# Granted resources that the request does not ask for need not be valid any more.
# A narrowed scope applies to the access token, not to the successor; so does the smaller scope of a client that may ask
# for less now.
# (A caller that waited in `held` cannot see, in its older snapshot, the successor that was just stored: a missing
# successor counts as unused.)
ROTATE: Final = fit(
    Rotate,
    """
with input as materialized (
    select * from {input}
), held as materialized (
    select i.n, r.* from input i join refresh_tokens r on r.digest = i.digest and r.day = i.day
    order by r.digest for update of r
), judged as materialized (
    {judged},
        h.successor as given, h.scope as full_scope, coalesce(i.scope, h.scope) as wanted_scope,
        case
            when o.client_id <> i.client_id then 'other client'
            when h.confirmation <> coalesce(i.confirmation, '') then 'other key'
            when g.id is null then 'grant ended'
            when h.expires_at <= i.now then 'expired'
            when s.used_at > i.now then 'superseded'
            when s.used_at is not null then 'used'
            when s.expires_at <= i.now then 'expired'
            when h.used_at <= i.window_start then 'late'
            when h.used_at is not null and not i.renew then 'retried'
            when i.scope is not null
                and not string_to_array(i.scope, ' ') <@ string_to_array(h.scope, ' ') then 'wider scope'
            when not i.audience <@ g.resources then 'other resource'
            when h.used_at is not null or i.keep then 'renewed'
            else 'rotated'
        end as verdict
    from input i join held h using (n)
    join grants o on o.id = h.grant_id
    left join refresh_tokens s on s.digest = h.successor_digest and s.day = h.successor_day
    left join lateral may_live(
        h.grant_id, i.now, h.issued_at, case when i.audience <@ o.resources then i.audience end, 'refresh_token'
    ) g on true
), {answered}, claimed as (
    update refresh_tokens r
    set used_at = j.now, successor = j.successor, successor_digest = j.refresh_digest, successor_day = j.refresh_day
    from answered j
    where r.digest = j.digest and r.day = j.day and j.outcome = 'rotated' and r.used_at is null
    returning j.n
), {stored}, reused as (
    update grants g set revoked_at = j.now from answered j
    where g.id = j.grant_id and j.outcome = 'used' and g.revoked_at is null
    returning audited('refresh_token.reused', j.now, 'client ' || j.client_id, j.address,
        subject => g.user_id::text, client => j.client_id, detail => jsonb_build_object('grant', g.id))
)
{answer}
""",
    judged=JUDGED,
    answered=ANSWERED,
    stored=STORED,
    answer=ANSWER,
)

FIND: Final = fit(
    FindToken,
    """
select i.n, g.id, g.client_id, g.user_id, g.username, t.scope, nullif(g.resources, '{}'), t.issued_at, t.expires_at
from {input}
join refresh_tokens t on t.digest = i.digest and t.day = i.day and t.used_at is null and t.expires_at > i.now
join lateral may_live(t.grant_id, i.now, t.issued_at, null, 'refresh_token') g on true
""",
)

REVOKE: Final = fit(
    RevokeToken,
    """
with held as materialized (
    select i.*, g.id, g.client_id = i.client_id as own
    from {input}
    join refresh_tokens t on t.digest = i.digest and t.day = i.day
    join grants g on g.id = t.grant_id
), whole as (
    update grants g set revoked_at = h.now from held h where g.id = h.id and h.own and g.revoked_at is null
    returning audited('token.revoked', h.now, h.actor, h.address,
        subject => g.user_id::text, client => g.client_id, detail => jsonb_build_object('grant', g.id))
)
select n, own from held
""",
)

ISSUED: Final = ("rotated", "renewed")


class RefreshTokens:
    """The table of refresh tokens."""

    def __init__(self, database: Database) -> None:
        self._claim = database.statement("refresh_tokens_claim", ClaimToken, CLAIM)
        self._rotate = database.statement("refresh_tokens_rotate", Rotate, ROTATE)
        self._find = database.statement("refresh_tokens_find", FindToken, FIND, shared=True)
        self._revoke = database.statement("refresh_tokens_revoke", RevokeToken, REVOKE)

    async def rotate(self, token: Rotate) -> Rotation:
        """Claims the token and stores its successors; of any number of callers at most one gets "rotated"."""
        claimed = None if token.renew or token.keep else await self._claim(token)
        if claimed is None:
            return await self._judge(token)
        issued, about = given(claimed, token.client_id, token.now, token.confirmation)
        return Rotation("rotated", issued=issued, identity=about)

    async def _judge(self, token: Rotate) -> Rotation:
        """Does the same for a token of which something may be wrong, and says what."""
        row = await self._rotate(token)
        if row is None:
            return Rotation("unknown")
        outcome, grant_id, successor, session_id, openid, *terms = row
        issued = evolve(Issued(*terms), confirmation=token.confirmation)
        about = identity(issued.user_id, session_id, openid)
        return Rotation(outcome, grant_id, successor, issued if outcome in ISSUED else None, about)

    async def find(self, digest: bytes, day: date, now: datetime) -> LiveToken | None:
        """Returns the unused token with this digest, or None unless it and its grant are valid."""
        row = await self._find(FindToken(digest, day, now))
        return LiveToken(*row) if row else None

    async def revoke(self, digest: bytes, day: date, client_id: str, now: datetime, by: By) -> bool:
        """Revokes the client's token and everything under its grant (RFC 7009 §2.1).

        Returns False if the token is another client's, and True if it is unknown.
        """
        row = await self._revoke(RevokeToken.of(digest, day, client_id, now, by))
        return row is None or bool(row[0])
