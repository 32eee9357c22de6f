"""The browsers in which a person is logged in: their own sessions, which they may look at and end."""

from datetime import datetime
from typing import Final
from uuid import UUID

from iam.database.database import Database
from iam.records.actor import By
from iam.records.own_session import OwnSession

OF_PERSON: Final = """
select s.id, s.user_agent, host(s.address), s.auth_time, s.seen_at, s.remembered
from sessions s join users u on u.id = s.user_id and s.auth_time >= u.logins_not_before
where s.user_id = %(user_id)s and s.expires_at > %(now)s and (s.remembered or s.seen_at > %(idle_since)s)
order by s.seen_at desc, s.id
"""

END: Final = """
with ended as (
    delete from sessions s where s.user_id = %(user_id)s and s.id = %(session_id)s
    returning s.id, moment(%(now)s), audited('session.ended', %(now)s, %(actor)s, %(address)s,
        subject => s.user_id::text, detail => jsonb_build_object('session', s.id))
)
select id from ended
"""

END_OTHERS: Final = """
with ended as (
    delete from sessions s where s.user_id = %(user_id)s and s.id <> %(kept)s
    returning s.id, s.user_id, moment(%(now)s), audited('session.ended', %(now)s, %(actor)s, %(address)s,
        subject => s.user_id::text, detail => jsonb_build_object('session', s.id))
)
select count(*), case when count(*) > 0 then mailed('sessions_ended', (select email from users where id = %(user_id)s),
    %(user_id)s, %(now)s, jsonb_build_object('address', %(address)s::text)) end
from ended
"""

NO_SESSION: Final = UUID(int=0)


class OwnSessions:
    """The sessions of one person at a time."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of_person(self, user_id: UUID, now: datetime, idle_since: datetime) -> list[OwnSession]:
        """Returns the valid sessions of this person, the last used first."""
        told = {"user_id": user_id, "now": now, "idle_since": idle_since}
        return [OwnSession(*row) for row in await self._database.query(OF_PERSON, told)]

    async def end(self, user_id: UUID, session_id: UUID, now: datetime, by: By) -> bool:
        """Ends a session of this person. Returns False if they have none with this id."""
        told = {"user_id": user_id, "session_id": session_id, "now": now, **by.columns}
        return bool(await self._database.query(END, told))

    async def end_all(self, user_id: UUID, now: datetime, by: By) -> int:
        """Ends all sessions of this person. Returns their number."""
        return await self.end_others(user_id, NO_SESSION, now, by)

    async def end_others(self, user_id: UUID, kept: UUID, now: datetime, by: By) -> int:
        """Ends all sessions of this person but the one with the id `kept`, and tells them by mail. Returns their number."""
        told = {"user_id": user_id, "kept": kept, "now": now, **by.columns}
        ((count, _),) = await self._database.query(END_OTHERS, told)
        return int(count)
