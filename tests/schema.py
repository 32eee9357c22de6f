"""The schema that migrations and functions make together. `make schema` writes it down; tests/docs/test_schema.py compares."""

import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from twisted.internet.task import react

from iam.database import functions, migration
from iam.embedded import binaries
from iam.embedded.supervisor import Embedded
from tests.databases import make_database

ROOT = Path(__file__).parent.parent
FILE = ROOT / "docs" / "reference" / "schema.sql"
HEAD = """\
-- The schema that iam/store/migrations and iam/store/functions make together. Written by `make schema`; do not edit.
-- The partitions of short-lived tables are not here: servers make and drop them by the day.
"""
DUMP = (
    *("--schema-only", "--no-owner", "--no-privileges", "--no-tablespaces"),
    "--exclude-table=*_[0-9]{8}_[0-9]{8}",  # partitions
)
PASSING = re.compile(r"^(?:--.*|SET .*;|SELECT pg_catalog\.set_config.*|\\(?:un)?restrict .*)\n", re.MULTILINE)


def dump(dsn: str) -> str:
    """The schema of this database without what depends on the day, the machine or the version of `pg_dump`."""
    program = binaries.find_installed().program("pg_dump")
    dumped = subprocess.run([program, *DUMP, f"--dbname={dsn}"], check=True, capture_output=True, text=True).stdout
    statements = PASSING.sub("", dumped.replace("public.", ""))
    return HEAD + "\n" + re.sub(r"\n{2,}", "\n\n", statements).strip() + "\n"


def remember(directory: Path) -> None:
    """Add the texts of functions that are not in the history yet."""
    changed = [each for each in functions.functions(directory) if each.hash not in each.known]
    with (directory / functions.HISTORY).open("a", encoding="utf-8") as file:
        file.writelines(f"{each.name.rpartition('/')[2]} {each.hash}\n" for each in changed)


async def write(reactor: Any) -> None:
    """Write the schema of a throw-away database."""
    remember(migration.DIRECTORY.with_name(migration.FUNCTIONS))
    with tempfile.TemporaryDirectory(prefix="iam-schema-") as directory:
        embedded = Embedded(reactor, Path(directory) / "data", progress=lambda _: None, durable=False)
        await embedded.start()
        try:
            FILE.write_text(dump(make_database(embedded)))
        finally:
            await embedded.stop()
    sys.stdout.write(f"{FILE.relative_to(ROOT)} is written.\n")


if __name__ == "__main__":
    react(write)
