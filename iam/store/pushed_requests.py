"""Authorization requests that clients have pushed, by the digest of their handle (RFC 9126)."""

from datetime import datetime
from typing import Final

from attrs import frozen

from iam.database.database import Database
from iam.database.inputs import fit

SWEPT: Final = 1000  # rows that are deleted in one statement


@frozen
class Push:
    """A request that is about to be stored; `parameters` are JSON."""

    digest: bytes
    client_id: str
    parameters: str
    expires_at: datetime


STORE: Final = fit(
    Push,
    """
with input as materialized (
    select * from {input}
), pushed as (
    insert into pushed_requests (digest, client_id, parameters, expires_at)
    select digest, client_id, parameters, expires_at from input
    on conflict do nothing
    returning digest
)
select i.n from input i join pushed p on p.digest = i.digest
""",
)

# The first browser that brings the handle has the request from then on; of many at once, on whichever servers, one.
TAKE: Final = """
update pushed_requests
set browser = %(browser)s, expires_at = case when browser is null then %(until)s else expires_at end
where digest = %(digest)s and client_id = %(client_id)s and expires_at > %(now)s
    and (browser is null or browser = %(browser)s)
returning parameters
"""

READ: Final = """
select parameters from pushed_requests
where digest = %(digest)s and client_id = %(client_id)s and expires_at > %(now)s
"""

TROUBLE: Final = """
select case
    when client_id <> %(client_id)s then 'one that another application has pushed'
    when expires_at <= %(now)s then 'one that has expired'
    else 'one that was opened in another browser'
end
from pushed_requests where digest = %(digest)s
"""

ANSWER: Final = "delete from pushed_requests where digest = %(digest)s returning digest"

SWEEP: Final = """
with old as (
    select digest from pushed_requests where expires_at < %(now)s order by expires_at limit %(most)s
    for update skip locked
), gone as (
    delete from pushed_requests p using old where p.digest = old.digest returning p.digest
)
select count(*) from gone
"""


class PushedRequestTable:
    """What clients have pushed and nobody has answered yet."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._store = database.statement("pushed_requests_store", Push, STORE)

    async def store(self, push: Push) -> None:
        """Stores a request."""
        await self._store(push)

    async def take(self, digest: bytes, client_id: str, browser: bytes, now: datetime, until: datetime) -> str | None:
        """Returns the parameters of a request that nobody has taken, which is then this browser's until that moment.

        Returns those that this browser has taken, too; None if there is no such request of this client.
        """
        told = {"digest": digest, "client_id": client_id, "browser": browser, "now": now, "until": until}
        return self._first(await self._database.query(TAKE, told))

    async def read(self, digest: bytes, client_id: str, now: datetime) -> str | None:
        """Returns the parameters of a request of this client, whoever has taken it; None if there is none."""
        return self._first(await self._database.query(READ, {"digest": digest, "client_id": client_id, "now": now}))

    async def trouble(self, digest: bytes, client_id: str, now: datetime) -> str | None:
        """Returns what is wrong with a handle that cannot be taken; None if nothing is known of it."""
        return self._first(await self._database.query(TROUBLE, {"digest": digest, "client_id": client_id, "now": now}))

    async def answer(self, digest: bytes) -> bool:
        """Deletes a request that is answered now; returns False if it was answered before."""
        return bool(await self._database.query(ANSWER, {"digest": digest}))

    async def sweep(self, now: datetime) -> int:
        """Deletes some of those that have expired, and returns how many."""
        rows = await self._database.query(SWEEP, {"now": now, "most": SWEPT})
        return int(rows[0][0])

    def _first(self, rows: list[tuple[str]]) -> str | None:
        return rows[0][0] if rows else None
