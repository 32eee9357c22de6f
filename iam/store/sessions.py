"""Sessions of people in browsers: the digest of the first cookie, the step, the person, and since when (H17)."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import date, datetime
from typing import Final
from uuid import UUID

from attrs import asdict, frozen

from iam.database.database import Database
from iam.database.errors import Unavailable
from iam.database.inputs import fit
from iam.records.acr import PASSWORD
from iam.records.actor import By, written
from iam.records.login_device import UNTOLD, LoginDevice
from iam.records.session import Ended, Presence, Session


@frozen
class FindSession:
    """A session to be found, by the digest of its first cookie, and the step that came: number and time of issue.

    The first cookie is step 0 and has no time of issue. The session must have been used after `idle_since`; one that is
    to be remembered may idle until it expires, and only such a one has further steps. The step before the newest is
    valid if the newest was first used after `grace_since`; the next step is due if the newest is as old as
    `issued_since`.
    """

    digest: bytes
    day: date
    step: int
    issued_at: datetime | None
    now: datetime
    idle_since: datetime
    grace_since: datetime
    issued_since: datetime


@frozen
class SeeSession:
    """The use of a session now, at this step."""

    digest: bytes
    day: date
    step: int
    now: datetime


FIND: Final = fit(
    FindSession,
    """
select i.n, s.seen_at < i.now - interval '1 minute' or s.step < i.step,
    i.step < s.step and (i.step < s.step - 1 or s.stepped_at <= i.grace_since),
    s.remembered and i.step >= s.step and coalesce(i.issued_at, s.stepped_at) <= i.issued_since,
    greatest(i.step, s.step), s.id, s.user_id, u.username, u.name, u.email, u.superuser, s.auth_time,
    s.expires_at, s.remembered, s.amr, roles_of(u.id, null)
from {input}
join sessions s on s.digest = i.digest and s.day = i.day and s.expires_at > i.now and (s.remembered or s.seen_at > i.idle_since)
join users u on u.id = s.user_id and u.disabled_at is null and s.auth_time >= u.logins_not_before
""",
)

# Done at most once a minute and at the first use of a step, and not in FIND, which must work where nothing can be
# written (H51).
SEE: Final = fit(
    SeeSession,
    """
with input as materialized (
    select * from {input}
), seen as (
    update sessions s set seen_at = greatest(s.seen_at, i.now), step = greatest(s.step, i.step),
        stepped_at = case when s.step < i.step then i.now else s.stepped_at end
    from input i where s.digest = i.digest and s.day = i.day and (s.seen_at < i.now or s.step < i.step)
    returning s.digest
)
select i.n from input i join seen using (digest)
""",
)

# A step that was replaced came again, so two parties have the cookie, and nothing tells which of them has a right to
# it.
REUSED = """
with ended as (
    delete from sessions where digest = %(digest)s and day = %(day)s and step > %(step)s
    returning user_id, moment(%(now)s), audited('session.reused', %(now)s, 'anybody', %(address)s,
        subject => user_id::text, detail => jsonb_build_object('session', id))
)
select user_id from ended
"""

# A login replaces the session before it, if any. The same person's session goes on under its id, by which clients know
# it; another person's ends in the same statement. A deletion of the account is waited for, and then no session begins.
# A login that lacked a factor becomes one session at most. A person who has logged in before is told of a browser that the
# account was not used in.
BEGIN = """
with before as (
    delete from sessions where digest = %(before)s returning id, user_id, expires_at, moment(%(now)s)
), pending as (
    delete from pending_logins where digest = %(pending)s and user_id = %(user_id)s and expires_at > %(now)s
    returning digest
), begun as (
    insert into sessions as s (day, id, digest, user_id, auth_time, seen_at, stepped_at, expires_at, remembered, amr, user_agent,
        address)
    select %(day)s,
        coalesce((select b.id from before b where b.user_id = u.id and b.expires_at > %(now)s limit 1), %(id)s),
        %(digest)s, u.id, %(auth_time)s, %(now)s, %(now)s, %(expires_at)s, %(remembered)s, %(amr)s,
        %(user_agent)s, %(address)s::inet
    from users u where u.id = %(user_id)s and u.disabled_at is null
        and (%(pending)s::bytea is null or exists (select from pending))
    for key share of u
    returning id, audited(case when id = %(id)s then 'session.begun' else 'session.renewed' end,
        %(now)s, 'user ' || user_id, %(address)s, subject => user_id::text, detail => jsonb_build_object(
            'session', id, 'replaced', (select b.id from before b where b.id <> s.id limit 1), 'remembered', remembered,
            'amr', amr)),
        case when not %(known)s and exists (
            select from audit_events e
            where e.subject = s.user_id::text and e.kind in ('session.begun', 'session.renewed')
        ) then mailed('new_device', (select u.email from users u where u.id = s.user_id), user_id, %(now)s,
            jsonb_strip_nulls(jsonb_build_object('address', %(address)s::text, 'device', nullif(%(words)s, '')))) end
)
select id from begun
"""

# Returns the clients that know the session by an ID token, even if their grants have ended: they may have to be told. Whoever
# did not log out themselves is told by mail.
END = """
with ended as (
    delete from sessions where (digest = %(digest)s and day = %(day)s) or id = %(id)s
    returning id, user_id, moment(%(now)s), audited('session.ended', %(now)s, coalesce(%(actor)s, 'user ' || user_id), %(address)s,
        subject => user_id::text, detail => jsonb_build_object('session', id))
)
select e.id, e.user_id, array(
    select distinct g.client_id from grants g where g.session_id = e.id and g.openid is not null order by 1
), case when %(actor)s::text is not null then mailed('sessions_ended', (select email from users where id = e.user_id), e.user_id,
    %(now)s, jsonb_build_object('by_administrator', true)) end
from ended e
"""

# As in a login that lacks a factor; a session that begins anew counts anew.
COUNT: Final = """
update sessions set codes = codes + 1 where id = %(id)s and codes < %(most)s and expires_at > %(now)s returning id
"""

LIVING = """
select s.id, s.user_id, u.username, s.auth_time, s.seen_at, s.expires_at, s.remembered
from sessions s join users u on u.id = s.user_id and u.disabled_at is null and s.auth_time >= u.logins_not_before
where s.expires_at > %(now)s and (s.remembered or s.seen_at > %(idle_since)s)
    and (%(user_id)s::uuid is null or s.user_id = %(user_id)s)
    and (%(id)s::uuid is null or s.id = %(id)s)
order by s.auth_time, s.id
"""
HOLDER = "select user_id from sessions where id = %(id)s"
PAGE = """
select s.id, s.user_id, u.username, s.auth_time, s.seen_at, s.expires_at, s.remembered
from sessions s join users u on u.id = s.user_id and u.disabled_at is null and s.auth_time >= u.logins_not_before
where s.id > %(after)s and s.expires_at > %(now)s and (s.remembered or s.seen_at > %(idle_since)s)
    and (%(user_id)s::uuid is null or s.user_id = %(user_id)s)
order by s.id limit %(limit)s
"""


@frozen
class SessionStep:
    """What is known of a session at one of its steps.

    `step` is the newest step that was used, including this one. `due`: the browser is to get the next step. `reused`:
    this step was replaced, and is not valid any more.
    """

    session: Session
    step: int
    due: bool
    reused: bool


class Sessions:
    """The table of sessions."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._find = database.statement("sessions_find", FindSession, FIND, shared=True)
        self._see = database.statement("sessions_see", SeeSession, SEE)

    async def find(self, sought: FindSession) -> SessionStep | None:
        """Returns the session that began with this cookie, or None if it ended, expired or idled too long.

        Records its use, unless the database cannot be written now.
        """
        row = await self._find(sought)
        if row is None:
            return None
        unseen, reused, due, newest, *columns = row
        found = SessionStep(Session(*columns), newest, due, reused)
        if unseen and not reused:
            with suppress(Unavailable):
                await self._see(SeeSession(sought.digest, sought.day, sought.step, sought.now))
        return found

    async def reused(self, digest: bytes, day: date, step: int, now: datetime, address: str | None = None) -> bool:
        """Ends the session because a step came again that was replaced.

        Returns False if the session has ended already.
        """
        told = {"digest": digest, "day": day, "step": step, "now": now, "address": written(address)}
        return bool(await self._database.query(REUSED, told))

    async def begin(
        self,
        *,
        session_id: UUID,
        digest: bytes,
        day: date,
        user_id: UUID,
        now: datetime,
        expires_at: datetime,
        remembered: bool,
        before: bytes | None,
        address: str | None = None,
        device: LoginDevice = UNTOLD,
        auth_time: datetime | None = None,
        amr: Sequence[str] = (PASSWORD,),
        pending: bytes | None = None,
    ) -> bool:
        """Starts a session; one with digest `before` ends, or goes on under its id if it is the same person's.

        So does the login that lacked a factor, with digest `pending`. A login from a device that is not known is mailed
        to the person, unless it is their first. Returns False if the person is locked out, or if that login is over.
        """
        rows = await self._database.query(
            BEGIN,
            {
                "id": session_id,
                "digest": digest,
                "day": day,
                "user_id": user_id,
                "auth_time": auth_time or now,
                "now": now,
                "expires_at": expires_at,
                "remembered": remembered,
                "before": before,
                "amr": list(amr),
                "pending": pending,
                "address": written(address),
                **asdict(device),
            },
        )
        return bool(rows)

    async def count(self, session_id: UUID, most: int, now: datetime) -> bool:
        """Counts one more code that is typed to add a factor to this session. Returns False if there were `most`, or it ended."""
        return bool(await self._database.query(COUNT, {"id": session_id, "most": most, "now": now}))

    async def end(self, digest: bytes, day: date, now: datetime, address: str | None = None) -> Ended | None:
        """Ends the session of the cookie with this digest and returns it, or None if there is none."""
        told = {"digest": digest, "day": day, "id": None, "now": now, "actor": None, "address": written(address)}
        rows = await self._database.query(END, told)
        return Ended(*rows[0][:3]) if rows else None

    async def living(
        self, now: datetime, idle_since: datetime, *, user_id: UUID | None = None, session_id: UUID | None = None
    ) -> list[Presence]:
        """Returns the valid sessions, oldest first: all of them, those of this person, or the one with this id."""
        told = {"now": now, "idle_since": idle_since, "user_id": user_id, "id": session_id}
        return [Presence(*row) for row in await self._database.query(LIVING, told)]

    async def holder(self, session_id: UUID) -> UUID | None:
        """Returns who is logged in with this session; None if there is none."""
        rows = await self._database.query(HOLDER, {"id": session_id})
        return rows[0][0] if rows else None

    async def page(
        self, now: datetime, idle_since: datetime, after: UUID, limit: int, *, user_id: UUID | None = None
    ) -> list[Presence]:
        """Returns the sessions in use, all or a person's, in the order of their ids behind `after`; `limit` at most."""
        told = {"now": now, "idle_since": idle_since, "after": after, "limit": limit, "user_id": user_id}
        return [Presence(*row) for row in await self._database.query(PAGE, told)]

    async def revoke(self, session_id: UUID, now: datetime, by: By) -> bool:
        """Ends the session with this id, which the person is told by mail. Returns False if there is none."""
        told = {"digest": None, "day": None, "id": session_id, "now": now, **by.columns}
        return bool(await self._database.query(END, told))
