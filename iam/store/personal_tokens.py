"""Personal and service tokens, stored as digests; each is a grant of its own, so that `may_live` judges it."""

from datetime import datetime
from typing import Final
from uuid import UUID

from attrs import frozen

from iam.clock import Clock
from iam.database.database import Database
from iam.database.inputs import fit
from iam.records.actor import By
from iam.records.personal_token import ANYBODY, NewToken, Owner, PersonalToken, Presented
from iam.store.token_uses import TokenUses


@frozen
class FindPersonalToken:
    """The digest of a token, and the moment at which it must be valid."""

    digest: bytes
    now: datetime


FIND: Final = fit(
    FindPersonalToken,
    """
select i.n, g.id, g.client_id, g.user_id, g.username, g.scope, g.resources, g.created_at, g.expires_at, t.used_at,
    coalesce(u.superuser, false), case when u.id is not null then roles_of(u.id, null) else '{}' end
from {input}
join personal_tokens t on t.digest = i.digest
join lateral may_live(t.grant_id, i.now, null, null, null) g on true
left join users u on u.id = g.user_id
""",
)

# What was revoked or has expired is not shown; what may not live for another reason is.
SELECT: Final = """
select t.grant_id, t.user_id, u.username, t.client_id, c.name, t.name, g.scope, g.resources, g.created_at, g.expires_at,
    t.used_at, exists (select from may_live(t.grant_id, %(now)s, null, null, null))
from personal_tokens t
join grants g on g.id = t.grant_id
left join users u on u.id = t.user_id
left join clients c on c.id = t.client_id
where g.revoked_at is null and g.expires_at > %(now)s
    and (%(user_id)s::uuid is null or t.user_id = %(user_id)s)
    and (%(client_id)s::text is null or t.client_id = %(client_id)s)
    and (%(id)s::uuid is null or t.grant_id = %(id)s)
    and (%(digest)s::bytea is null or t.digest = %(digest)s)
order by g.created_at, g.id
"""
PAGE: Final = """
select t.grant_id, t.user_id, u.username, t.client_id, c.name, t.name, g.scope, g.resources, g.created_at, g.expires_at,
    t.used_at, exists (select from may_live(t.grant_id, %(now)s, null, null, null))
from personal_tokens t
join grants g on g.id = t.grant_id
left join users u on u.id = t.user_id
left join clients c on c.id = t.client_id
where t.grant_id > %(after)s and g.revoked_at is null and g.expires_at > %(now)s
    and (%(user_id)s::uuid is null or t.user_id = %(user_id)s)
    and (%(client_id)s::text is null or t.client_id = %(client_id)s)
order by t.grant_id limit %(limit)s
"""

# The person is told by mail, whoever made it for them.
CREATE: Final = """
with judged as materialized (
    select token_obstacle(%(user_id)s, %(client_id)s, %(digest)s, %(name)s, %(most)s, %(now)s) as obstacle
), granted as (
    insert into grants (id, user_id, client_id, grant_type, scope, resources, created_at, expires_at)
    select %(id)s, %(user_id)s, %(client_id)s, %(grant_type)s, %(scope)s, %(resources)s, %(now)s, %(expires_at)s
    from judged where obstacle is null
    returning id
), created as (
    insert into personal_tokens (grant_id, digest, user_id, client_id, name)
    select g.id, %(digest)s, %(user_id)s, %(client_id)s, %(name)s from granted g
    returning audited('personal_token.created', %(now)s, %(actor)s, %(address)s, subject => user_id::text, client => client_id,
        detail => jsonb_build_object('grant', grant_id, 'name', name, 'scope', %(scope)s::text,
            'resources', %(resources)s::text[], 'expires_at', %(expires_at)s::timestamptz)),
        mailed('personal_token_made', (select u.email from users u where u.id = user_id), user_id, %(now)s,
            jsonb_build_object('token', name, 'by_administrator', %(actor)s <> 'user ' || user_id,
                'address', case when %(actor)s = 'user ' || user_id then %(address)s::text end))
)
select obstacle from judged
"""

REVOKE: Final = """
update grants g set revoked_at = %(now)s
from personal_tokens t
where (%(id)s::uuid is null or t.grant_id = %(id)s) and g.id = t.grant_id and g.revoked_at is null and g.expires_at > %(now)s
    and t.user_id is not distinct from %(user_id)s and t.client_id is not distinct from %(client_id)s
returning g.id, audited('personal_token.revoked', %(now)s, %(actor)s, %(address)s, subject => g.user_id::text,
    client => g.client_id, detail => jsonb_build_object('grant', g.id, 'name', t.name))
"""


class PersonalTokens:
    """The table of personal and service tokens."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._find = database.statement("personal_tokens_find", FindPersonalToken, FIND, shared=True)
        self.uses = TokenUses(database, clock)

    async def find(self, digest: bytes, now: datetime, *, use: bool = True) -> Presented | None:
        """Returns the token with this digest, or None unless it is valid; notes that it is used, unless this is no `use`."""
        row = await self._find(FindPersonalToken(digest, now))
        if row is None:
            return None
        *facts, used_at, superuser, roles = row
        if use:
            self.uses.note(row[0], used_at)
        return Presented(*facts, superuser=superuser, roles=roles)

    async def living(
        self,
        now: datetime,
        *,
        owner: Owner = ANYBODY,
        token_id: UUID | None = None,
        digest: bytes | None = None,
    ) -> list[PersonalToken]:
        """Returns the tokens that were neither revoked nor have expired, oldest first: all, an owner's, or one."""
        told = {"now": now, "user_id": owner.user_id, "client_id": owner.client_id, "id": token_id, "digest": digest}
        return [PersonalToken(*row) for row in await self._database.query(SELECT, told)]

    async def page(self, now: datetime, owner: Owner, after: UUID, limit: int) -> list[PersonalToken]:
        """Returns an owner's tokens that have not ended, or all, in the order of their ids behind `after`; `limit` at most."""
        told = {"now": now, "user_id": owner.user_id, "client_id": owner.client_id, "after": after, "limit": limit}
        return [PersonalToken(*row) for row in await self._database.query(PAGE, told)]

    async def create(self, token: NewToken, most: int | None, now: datetime, by: By) -> str | None:
        """Stores a token; its owner may have `most` of them.

        Returns why it was not stored, as the SQL function token_obstacle says it, or None.
        """
        told = {
            "id": token.id,
            "digest": token.digest,
            "user_id": token.owner.user_id,
            "client_id": token.owner.client_id,
            "grant_type": token.grant_type,
            "name": token.name,
            "scope": token.scope,
            "resources": list(token.resources),
            "expires_at": token.expires_at,
            "most": most,
            "now": now,
            **by.columns,
        }
        ((obstacle,),) = await self._database.query(CREATE, told)
        return None if obstacle is None else str(obstacle)

    async def revoke(self, token_id: UUID, owner: Owner, now: datetime, by: By) -> bool:
        """Ends a token of this owner. Returns False if there is none, or if it was revoked before."""
        told = {"id": token_id, "user_id": owner.user_id, "client_id": owner.client_id, "now": now, **by.columns}
        return bool(await self._database.query(REVOKE, told))

    async def revoke_all(self, owner: Owner, now: datetime, by: By) -> int:
        """Ends all tokens of this owner; returns how many had not ended yet."""
        told = {"id": None, "user_id": owner.user_id, "client_id": owner.client_id, "now": now, **by.columns}
        return len(await self._database.query(REVOKE, told))
