"""Grants: what a person allowed a client, or a client may do by itself; codes and tokens belong to one."""

from datetime import date, datetime
from typing import Final
from uuid import UUID

from iam.database.database import Database
from iam.records.actor import By
from iam.records.grant import Grant

# A client's own grant is permanent: when it is revoked, a new one takes its place, and all tokens of the old one are
# invalid. A personal or service token is a grant that just ends.
REVOKE = """
with revoked as (
    update grants set revoked_at = %(now)s where id = %(id)s and revoked_at is null
    returning id, client_id, user_id, grant_type, scope, audited('grant.revoked', %(now)s, %(actor)s, %(address)s,
        subject => user_id::text, client => client_id, detail => jsonb_build_object('grant', id))
), successor as (
    insert into grants (id, client_id, grant_type, scope, created_at)
    select %(successor)s, r.client_id, r.grant_type, r.scope, %(now)s
    from revoked r join clients c on c.id = r.client_id and c.grant_id = r.id
    returning id, client_id
), standing as (
    update clients c set grant_id = s.id from successor s where c.id = s.client_id
)
select id from revoked
"""

COLUMNS: Final = """
select g.id, g.user_id, u.username, g.client_id, c.name, g.session_id, g.scope, g.created_at, g.expires_at, g.resources,
    t.name
from {grants} o
left join clients c on c.id = o.client_id
join lateral may_live(o.id, %(now)s, case when o.id = c.grant_id then %(now)s end, null, null) g on true
left join users u on u.id = g.user_id
left join personal_tokens t on t.grant_id = g.id
"""

# What is seen at once to be dead is left to no function: neither what has ended, nor what is older than an epoch, nor
# anything of a disabled person or client, however much that is.
UNENDED: Final = """
where o.revoked_at is null and (o.expires_at is null or o.expires_at > %(now)s)
    and (o.user_id is null or o.created_at >= coalesce((select e.not_before from epochs e where e.name = 'all'), '-infinity'))
    and (%(user_id)s::uuid is null or o.user_id = %(user_id)s
        and o.created_at >= (select u.not_before from users u where u.id = %(user_id)s and u.disabled_at is null))
    and (%(client_id)s::text is null or o.client_id = %(client_id)s and (o.user_id is null
        or o.created_at >= (select c.not_before from clients c where c.id = %(client_id)s)))
    and (%(client_id)s::text is null or o.grant_type = any (coalesce(
        (select c.grant_types from clients c where c.id = %(client_id)s and c.disabled_at is null), '{}')))
    and (%(client_id)s::text is null
        or exists (select from clients c where c.id = %(client_id)s and c.disabled_at is null))
"""
ALL: Final = COLUMNS.replace("{grants}", "grants") + UNENDED
LIVING: Final = ALL + "and (%(id)s::uuid is null or o.id = %(id)s) order by g.created_at, g.id"
# The session may have gone on by another login since; what was granted before that is as old as it is.
LOGIN: Final = """
select least(s.auth_time, g.created_at), s.amr
from grants g join sessions s on s.id = g.session_id and s.user_id = g.user_id and s.expires_at > %(now)s
where g.id = %(id)s
"""
GIVER: Final = "select user_id from grants where id = %(id)s"
PAGE: Final = ALL + "and o.id > %(after)s order by o.id limit %(limit)s"
LATEST: Final = ALL + "order by o.id desc limit %(limit)s"
NUMBER: Final = "select count(*) from (select from grants o {unended} limit %(limit)s) n".replace("{unended}", UNENDED)

# Who may use a scope or a resource is in no index: the latest grants are looked through.
SOME: Final = """
where (%(scope)s::text is null or %(scope)s = any (string_to_array(o.scope, ' ')))
    and (%(resource)s::text is null or %(resource)s = any (o.resources))
order by o.id desc limit %(limit)s
"""
USING: Final = COLUMNS.replace("{grants}", "(select * from grants order by id desc limit %(looked)s)") + SOME

# Tokens that have ended are found too: whoever finds a copy of an old token can still end its grant.
CLIENT_OF = """
select g.client_id from access_tokens t join grants g on g.id = t.grant_id where t.digest = %(digest)s and t.day = %(day)s
union all
select g.client_id from refresh_tokens t join grants g on g.id = t.grant_id where t.digest = %(digest)s and t.day = %(day)s
"""

# Epochs: one row makes everything that was granted before it invalid (H21).
REVOKE_ALL = """
with revoked as (
    insert into epochs (name, not_before) values ('all', %(now)s)
    on conflict (name) do update set not_before = greatest(epochs.not_before, excluded.not_before)
    returning audited('grants.revoked', %(now)s, %(actor)s, %(address)s)
), logged_out as (
    delete from sessions where %(log_out)s returning moment(%(now)s)
), withdrawn as (
    update registration_tokens set revoked_at = %(now)s where %(log_out)s and revoked_at is null
), spent as (
    update links set used_at = %(now)s where %(log_out)s and used_at is null
), unsent as (
    update outbox set given_up_at = %(now)s, secret = null, reason = 'everything was voided'
    where %(log_out)s and sent_at is null and given_up_at is null
)
select count(*) from logged_out
"""
REVOKE_OF_USER = """
with revoked as (
    update users set not_before = %(now)s where id = %(user_id)s
    returning audited('grants.revoked', %(now)s, %(actor)s, %(address)s, subject => id::text)
)
select id from users where id = %(user_id)s
"""
REVOKE_OF_CLIENT = """
with revoked as (
    update clients set not_before = %(now)s where id = %(client_id)s
    returning audited('grants.revoked', %(now)s, %(actor)s, %(address)s, client => id)
)
select id from clients where id = %(client_id)s
"""


class Grants:
    """The table of grants."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def living(
        self,
        now: datetime,
        *,
        user_id: UUID | None = None,
        client_id: str | None = None,
        grant_id: UUID | None = None,
    ) -> list[Grant]:
        """Returns the valid grants, oldest first: all of them, those of a person or of a client, or the one with this id."""
        told = {"now": now, "user_id": user_id, "client_id": client_id, "id": grant_id}
        return [Grant(*row) for row in await self._database.query(LIVING, told)]

    async def giver(self, grant_id: UUID) -> tuple[UUID | None] | None:
        """Returns who gave this grant, a client itself being None; nothing if there is no such grant."""
        rows = await self._database.query(GIVER, {"id": grant_id})
        return (rows[0][0],) if rows else None

    async def page(
        self, now: datetime, after: UUID, limit: int, *, user_id: UUID | None = None, client_id: str | None = None
    ) -> list[Grant]:
        """Returns the valid grants in the order of their ids behind `after`; `limit` at most, of all or of whom is named."""
        told = {"now": now, "after": after, "limit": limit, "user_id": user_id, "client_id": client_id}
        return [Grant(*row) for row in await self._database.query(PAGE, told)]

    async def latest(
        self, now: datetime, limit: int, *, user_id: UUID | None = None, client_id: str | None = None
    ) -> list[Grant]:
        """Returns the last `limit` of the valid grants, of all or of whom is named, the latest first."""
        told = {"now": now, "limit": limit, "user_id": user_id, "client_id": client_id}
        return [Grant(*row) for row in await self._database.query(LATEST, told)]

    async def number(
        self, now: datetime, limit: int, *, user_id: UUID | None = None, client_id: str | None = None
    ) -> int:
        """Returns how many grants have not ended, of all or of whom is named; `limit` at most."""
        told = {"now": now, "limit": limit, "user_id": user_id, "client_id": client_id}
        ((number,),) = await self._database.query(NUMBER, told)
        return int(number)

    async def using(
        self, now: datetime, looked: int, limit: int, *, scope: str | None = None, resource: str | None = None
    ) -> list[Grant]:
        """Returns the valid ones of the last `looked` grants that have a scope or a resource; `limit` at most."""
        told = {"now": now, "looked": looked, "limit": limit, "scope": scope, "resource": resource}
        return [Grant(*row) for row in await self._database.query(USING, told)]

    async def client_of(self, digest: bytes, day: date) -> str | None:
        """Returns the id of the client that was given the access or refresh token with this digest, or None."""
        rows = await self._database.query(CLIENT_OF, {"digest": digest, "day": day})
        return rows[0][0] if rows else None

    async def login(self, grant_id: UUID, now: datetime) -> tuple[datetime, list[str]] | None:
        """Returns when the person who gave this grant had logged in, at least, and by which methods; None without a session."""
        rows = await self._database.query(LOGIN, {"id": grant_id, "now": now})
        return (rows[0][0], list(rows[0][1])) if rows else None

    async def revoke(self, grant_id: UUID, successor: UUID, now: datetime, by: By) -> bool:
        """Ends a grant and everything under it. Returns False if there is none, or if it was revoked before.

        `successor` becomes the id of the next grant, if this was a client's own.
        """
        told = {"id": grant_id, "successor": successor, "now": now, **by.columns}
        return bool(await self._database.query(REVOKE, told))

    async def revoke_all(self, now: datetime, by: By, *, log_out: bool = False) -> int:
        """Ends everything that was granted before this moment. Returns how many sessions that ended.

        Sessions and initial access tokens end only with `log_out`.
        """
        told = {"now": now, "log_out": log_out, **by.columns}
        ((sessions,),) = await self._database.query(REVOKE_ALL, told)
        return int(sessions)

    async def revoke_of_user(self, user_id: UUID, now: datetime, by: By) -> bool:
        """Ends everything that this person granted before this moment. Returns False if there is no such person."""
        told = {"user_id": user_id, "now": now, **by.columns}
        return bool(await self._database.query(REVOKE_OF_USER, told))

    async def revoke_of_client(self, client_id: str, now: datetime, by: By) -> bool:
        """Ends everything that this client was granted before this moment. Returns False if there is no such client."""
        told = {"client_id": client_id, "now": now, **by.columns}
        return bool(await self._database.query(REVOKE_OF_CLIENT, told))
