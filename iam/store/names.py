"""What people call people, applications and groups."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from iam.database.database import Database

NAMES: Final = """
select 'people', id::text, username from users where id = any (%(people)s::uuid[])
union all select 'applications', id, name from clients where id = any (%(clients)s::text[])
union all select 'groups', id::text, name from groups where id = any (%(groups)s::uuid[])
"""


class Names:
    """The names in several tables."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(
        self, people: Sequence[UUID], clients: Sequence[str], groups: Sequence[UUID]
    ) -> dict[tuple[str, str], str]:
        """Returns the names of those that are there, by the noun and the id of each."""
        if not (people or clients or groups):
            return {}
        told = {"people": list(map(str, people)), "clients": list(clients), "groups": list(map(str, groups))}
        return {(noun, key): name for noun, key, name in await self._database.query(NAMES, told)}
