"""Logout notices: an outbox of ended sessions and the clients to be told, filled by whatever ends one (migration 0006).

Any number of servers take from it. A server that takes a notice leases it for a while; if it dies, another one takes
it.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from iam.database.database import Database
from iam.records.logout_notice import Notice

# The clients that have notices are found by skipping through the index, so that many notices of one cost nothing here.
# A few of each are taken, but a single one of a client that could not be reached, once its pause is over. If there is
# not room for all, clients take turns.
TAKE: Final = """
with recursive waiting (client_id) as (
    select min(client_id) from logout_notices
    union all
    select (select min(n.client_id) from logout_notices n where n.client_id > w.client_id)
    from waiting w where w.client_id is not null
), due as materialized (
    select n.id
    from waiting w
    left join logout_receivers r on r.client_id = w.client_id
    cross join lateral (
        select n.id, row_number() over (order by n.next_at) as turn
        from logout_notices n where n.client_id = w.client_id and n.next_at <= %(now)s
        order by n.next_at
        limit case when r.client_id is null then %(few)s else 1 end
    ) n
    where w.client_id <> all(%(busy)s) and (r.client_id is null or r.next_at <= %(now)s)
    order by n.turn, random()
    limit %(most)s
), taken as (
    select n.id from logout_notices n join due using (id) where n.next_at <= %(now)s for update of n skip locked
)
update logout_notices n set attempts = n.attempts + 1, next_at = %(until)s from taken
where n.id = taken.id
returning n.id, n.client_id, n.user_id, n.session_id, n.attempts
"""

# A client that got one notice can be reached: its other notices need not wait any more.
DELIVERED: Final = """
with reached as (
    delete from logout_receivers where client_id = %(client_id)s
)
delete from logout_notices where id = %(id)s
"""

# Of several notices that fail at the same time, one counts against the client. Those that are too old by then are
# deleted, with an event in the audit log.
FAILED: Final = """
with waits as (
    update logout_notices set next_at = %(now)s::timestamptz + logout_pause(attempts)
    where id = %(id)s and created_at > %(oldest)s
), unreached as (
    insert into logout_receivers (client_id, failures, next_at)
    select c.id, 1, %(now)s::timestamptz + logout_pause(1) from clients c where c.id = %(client_id)s and %(unreachable)s
    on conflict (client_id) do update
    set failures = logout_receivers.failures + 1, next_at = %(now)s::timestamptz + logout_pause(logout_receivers.failures + 1)
    where logout_receivers.next_at <= %(now)s
), given_up as (
    delete from logout_notices where client_id = %(client_id)s and created_at <= %(oldest)s
    returning audited('logout.not_delivered', %(now)s, 'server', null,
        subject => user_id::text, client => client_id, detail => jsonb_build_object('session', session_id))
)
select count(*) from given_up
"""


def nobody() -> None:
    """Does nothing; `wake` is this until it is set."""


class LogoutNotices:
    """The table of logout notices; `wake` is called when there may be new ones."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.wake: Callable[[], None] = nobody

    def changed(self) -> None:
        """Calls `wake`, because there may be new notices."""
        self.wake()

    async def take(self, now: datetime, until: datetime, *, most: int, few: int, busy: Sequence[str]) -> list[Notice]:
        """Leases due notices until `until`: `most` in all, a `few` of each client, none of those that are `busy`."""
        told = {"now": now, "until": until, "most": most, "few": few, "busy": list(busy)}
        return [Notice(*row) for row in await self._database.aside(TAKE, told)]

    async def delivered(self, notice: Notice) -> None:
        """Deletes a notice that was delivered or is wanted no more, and forgets the failures of its client."""
        await self._database.aside(DELIVERED, {"id": notice.id, "client_id": notice.client_id})

    async def failed(self, notice: Notice, now: datetime, oldest: datetime, *, unreachable: bool) -> int:
        """Schedules the notice again after a pause; if the client is `unreachable`, its other notices wait too.

        Returns how many of the client's notices were given up, because they are not newer than `oldest`.
        """
        told = {
            "id": notice.id,
            "client_id": notice.client_id,
            "now": now,
            "oldest": oldest,
            "unreachable": unreachable,
        }
        ((count,),) = await self._database.aside(FAILED, told)
        return int(count)
