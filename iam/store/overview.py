"""Numbers for who administers the server, of which none takes long to count."""

from datetime import datetime
from typing import Final

from iam.database.database import Database
from iam.records.numbers import MOST, Numbers, RefusedClient
from iam.store.refusals import KEPT

NUMBERS: Final = """
select (select count(*) from (select from users limit %(most)s) u),
    (select count(*) from (select from clients limit %(most)s) c),
    (select count(*) from (select from outbox where sent_at is null and given_up_at is null limit %(most)s) w),
    (select count(*) from (
        select from outbox where (sent_at is not null or given_up_at is not null)
            and coalesce(sent_at, given_up_at) > %(since)s and given_up_at is not null limit %(most)s
    ) g)
"""

REFUSED: Final = """
select r.client_id, c.name, count(*)
from refusals r left join clients c on c.id = r.client_id
where r.day >= %(day)s and r.at > %(since)s
group by r.client_id, c.name order by count(*) desc, r.client_id limit %(listed)s
"""

LISTED: Final = 10  # clients


class Overview:
    """Counts over several tables."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def numbers(self, since: datetime) -> Numbers:
        """Returns how much there is; mail that was given up counts from `since` on."""
        return Numbers(*(await self._database.query(NUMBERS, {"most": MOST + 1, "since": since}))[0])

    async def refused(self, since: datetime) -> list[RefusedClient]:
        """Returns the clients with the most refusals since then, and how many those are."""
        told = {"day": (since + KEPT).date(), "since": since, "listed": LISTED}
        return [RefusedClient(*row) for row in await self._database.query(REFUSED, told)]
