"""Functions and triggers of the schema: each stands in a file as it is now, and is replaced when that has changed.

A migration is of a moment, a function is not: to change one, its file is edited. It keeps its name and parameters, since servers
of the version before call it too; with other parameters it gets another name, and the old one stays until nobody calls it.

`history` has a line for each text that a function ever had, oldest first, by its hash. So a server knows which texts it may
replace: those that came before its own. One that it does not know is a newer version's, and stays.
"""

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from attrs import frozen

HISTORY: Final = "history"
NOTE: Final = """
insert into functions (name, hash) values (%s, %s) on conflict (name) do update set hash = excluded.hash
"""


@frozen
class Function:
    """One file, `word.sql`; `known`: the hashes of all texts that it has had."""

    name: str
    sql: str
    known: frozenset[str]

    @property
    def hash(self) -> str:
        """What its text is known by."""
        return sha256(self.sql.encode()).hexdigest()[:16]

    def missing(self, seen: Mapping[str, str]) -> bool:
        """Has the database none, or one of before?"""
        noted = seen.get(self.name)
        return noted is None or (noted != self.hash and noted in self.known)

    def note(self, cursor: Any) -> None:
        """Note that the database has it as it is here."""
        cursor.execute(NOTE, (self.name, self.hash))


def functions(directory: Path) -> list[Function]:
    """All functions of a directory, by name; none where there is no such directory."""
    texts = {path.stem: path.read_text(encoding="utf-8") for path in sorted(directory.glob("*.sql"))}
    known = history(directory) if texts else []
    return [
        Function(f"{directory.name}/{name}", sql, frozenset(hash_ for noted, hash_ in known if noted == name))
        for name, sql in texts.items()
    ]


def history(directory: Path) -> list[tuple[str, str]]:
    """Name and hash of each text that there was, oldest first."""
    lines = (directory / HISTORY).read_text(encoding="utf-8").splitlines()
    return [(name, hash_) for name, hash_ in map(str.split, lines)]
