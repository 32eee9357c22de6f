"""Activities: the events of the audit log that are about one person, the latest first."""

from datetime import datetime
from typing import Final
from uuid import UUID

from iam.database.database import Database
from iam.records.activity import Activity

OF_PERSON: Final = """
select e.n, e.at, e.kind, e.actor, e.client, c.name, host(e.address), e.detail
from audit_events e left join clients c on c.id = e.client
where e.subject = %(person)s and (%(at)s::timestamptz is null or (e.at, e.n) < (%(at)s, %(number)s))
order by e.at desc, e.n desc limit %(most)s
"""


class Activities:
    """The audit log, as people may read it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of_person(self, user_id: UUID, most: int, before: tuple[datetime, int] | None = None) -> list[Activity]:
        """Returns the latest events about this person; those before this place in the log, if one is given."""
        at, number = before or (None, None)
        told = {"person": str(user_id), "at": at, "number": number, "most": most}
        return [Activity(*row) for row in await self._database.query(OF_PERSON, told)]
