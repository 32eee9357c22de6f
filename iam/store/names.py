"""What people call people, applications and groups."""

from collections.abc import Mapping, Sequence
from typing import Final

from iam.database.database import Database

# By the noun of who or what has a name; ids of people and groups are UUIDs.
NAMES: Final[Mapping[str, str]] = {
    "people": "select 'people', id::text, username from users where id = any (%(people)s::uuid[])",
    "applications": "select 'applications', id, name from clients where id = any (%(applications)s::text[])",
    "groups": "select 'groups', id::text, name from groups where id = any (%(groups)s::uuid[])",
}


class Names:
    """The names in several tables."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(self, ids: Mapping[str, Sequence[str]]) -> dict[tuple[str, str], str]:
        """Returns the names of those that are there, by the noun and the id of each; `ids` are those of each noun."""
        asked = [sql for noun, sql in NAMES.items() if ids.get(noun)]
        if not asked:
            return {}
        return {(noun, key): name for noun, key, name in await self._database.query(" union all ".join(asked), ids)}
