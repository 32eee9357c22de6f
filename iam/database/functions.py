"""Functions and triggers of the schema: each file holds the current text, which is applied when it has changed.

A migration is applied once; a function is changed by editing its file. It keeps its name and parameters, since servers
of the previous version call it too. With other parameters it gets another name, and the old one stays until no version
calls it.

`history` has a line with the hash of each text that a function ever had, oldest first. So a server knows which texts
it may replace: those before its own. A text that it does not know is a newer version's, and stays.
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
    """One file, `word.sql`; `known` holds the hashes of all texts that it has had."""

    name: str
    sql: str
    known: frozenset[str]

    @property
    def hash(self) -> str:
        """The first 16 hexadecimal digits of the text's SHA-256."""
        return sha256(self.sql.encode()).hexdigest()[:16]

    def missing(self, seen: Mapping[str, str]) -> bool:
        """Tells whether the database lacks the function or has an older text of it."""
        noted = seen.get(self.name)
        return noted is None or (noted != self.hash and noted in self.known)

    def note(self, cursor: Any) -> None:
        """Notes in the database that it has this text."""
        cursor.execute(NOTE, (self.name, self.hash))


def functions(directory: Path) -> list[Function]:
    """Returns all functions of a directory, by name; none if there is no such directory."""
    texts = {path.stem: path.read_text(encoding="utf-8") for path in sorted(directory.glob("*.sql"))}
    known = history(directory) if texts else []
    return [
        Function(f"{directory.name}/{name}", sql, frozenset(hash_ for noted, hash_ in known if noted == name))
        for name, sql in texts.items()
    ]


def history(directory: Path) -> list[tuple[str, str]]:
    """Returns name and hash of each text that a function of this directory has had, oldest first."""
    lines = (directory / HISTORY).read_text(encoding="utf-8").splitlines()
    return [(name, hash_) for name, hash_ in map(str.split, lines)]
