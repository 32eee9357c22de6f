"""The schema: plain SQL files, each applied in one transaction with the note that it was (H49).

Migrations are applied once, in their order; then functions, each as often as its text changes (iam.database.functions).
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import sleep
from typing import Any, Final

import psycopg2
from attrs import frozen
from psycopg2 import errors

from iam.database import functions
from iam.database.addresses import target
from iam.database.errors import Unavailable, fatal, sentence
from iam.database.functions import Function

DIRECTORY: Final = Path(__file__).parent.parent / "store" / "migrations"
FUNCTIONS: Final = "functions"  # the directory beside it
CONNECT: Final = 5  # seconds for each host (H44)
ATTEMPTS: Final = 100  # to lock busy tables, for a moment each
PAUSE: Final = 0.3  # seconds between two attempts
OLDEST: Final = 140000  # server_version of PostgreSQL 14

# Two servers that start at once migrate once: the lock goes with the transaction, however that ends. A table is waited
# for only so long that the requests which then wait behind us hardly notice.
BEGIN: Final = """
set local statement_timeout = 0;
set local lock_timeout = '10min';
select pg_advisory_xact_lock(1768779117, hashtext(current_schema()));
set local lock_timeout = '200ms';
create table if not exists migrations (name text primary key, applied_at timestamptz not null default now());
create table if not exists functions (name text primary key, hash text not null);
"""
TABLES: Final = """
select tablename from pg_tables where schemaname = current_schema() and tablename in ('migrations', 'functions')
"""
APPLIED: Final = {
    "migrations": "select name, '' from migrations order by name",
    "functions": "select name, hash from functions order by name",
}
ADMIT: Final = "select admit_server(%s)"
NOTE: Final = "insert into migrations (name) values (%s)"


class MigrationError(Exception):
    """The schema cannot be brought up to date; the message is a sentence for the operator."""


class Interrupted(MigrationError):
    """The database could not be reached, or went away, which may be over in a moment; the migration under way has not happened."""


@frozen
class Migration:
    """One file: `NNNN_word.sql`."""

    name: str
    sql: str

    def missing(self, seen: Mapping[str, str]) -> bool:
        """Has the database not seen it?"""
        return self.name not in seen

    def note(self, cursor: Any) -> None:
        """Note that the database has seen it."""
        cursor.execute(NOTE, (self.name,))


Step = Migration | Function


def applied(dsn: str) -> list[str]:
    """The names of the migrations that the database has seen."""
    with connected(dsn) as connection:
        return [name for name, hash_ in seen_by(connection).items() if not hash_]


def pending(dsn: str, directory: Path = DIRECTORY) -> list[str]:
    """The names of the migrations that the database has not seen, and of the functions that have changed since."""
    with connected(dsn) as connection:
        seen = seen_by(connection)
        return names(missing(seen, directory), seen)


def migrate(dsn: str, directory: Path = DIRECTORY) -> list[str]:
    """Bring the schema up to date; the names of the migrations and functions which that took."""
    with connected(dsn) as connection:
        seen = seen_by(connection)
        todo = missing(seen, directory)
        return names([step for steps in together(todo) for step in apply(connection, steps)], seen)


def admit(dsn: str, role: str) -> None:
    """Let servers of this role work on the schema, which they need not own; the owner says so. Raises MigrationError."""
    with connected(dsn) as connection, connection, connection.cursor() as cursor:
        cursor.execute(ADMIT, (role,))


def migrations(directory: Path) -> list[Migration]:
    """All migrations in their order."""
    paths = sorted(directory.glob("[0-9][0-9][0-9][0-9]_*.sql"))
    return [Migration(path.stem, path.read_text(encoding="utf-8")) for path in paths]


def missing(seen: Mapping[str, str], directory: Path) -> list[Step]:
    """What the database has not seen; it must not have seen migrations that are unknown here: that is a newer iam's (H49)."""
    files = migrations(directory)
    strange = sorted(name for name in set(seen) - {file.name for file in files} if not seen[name])
    if strange:
        raise MigrationError(
            f"The database belongs to a newer version of iam: it has {strange[-1]}, which this version does not know. "
            "Start that version instead, or restore a backup."
        )
    steps: list[Step] = [*files, *functions.functions(directory.with_name(FUNCTIONS))]
    return [step for step in steps if step.missing(seen)]


def names(steps: Sequence[Step], seen: Mapping[str, str]) -> list[str]:
    """The names to be told: that a new database gets all functions, goes without saying."""
    return [step.name for step in steps if seen or isinstance(step, Migration)]


def seen_by(connection: Any) -> dict[str, str]:
    """What is noted in the schema that unqualified names are made in: migrations, and functions with their hashes."""
    with connection, connection.cursor() as cursor:
        cursor.execute(TABLES)
        return seen_in(cursor, {name for (name,) in cursor.fetchall()})


def seen_in(cursor: Any, tables: Collection[str]) -> dict[str, str]:
    """What is noted in these tables."""
    seen: dict[str, str] = {}
    for statement in (statement for table, statement in APPLIED.items() if table in tables):
        cursor.execute(statement)
        seen.update(cursor.fetchall())
    return seen


def together(steps: Sequence[Step]) -> Iterator[Sequence[Step]]:
    """The steps of each transaction: a migration alone, which may take its time and lock what it changes; functions at once."""
    yield from ([step] for step in steps if isinstance(step, Migration))
    if rest := [step for step in steps if isinstance(step, Function)]:
        yield rest


def apply(connection: Any, steps: Sequence[Step]) -> list[Step]:
    """Apply these steps; those that no other server was faster with."""
    for _ in range(ATTEMPTS):
        try:
            return attempt(connection, steps)
        except errors.LockNotAvailable:
            sleep(PAUSE)
    raise MigrationError(f"The migration {steps[0].name} found its tables locked all the time.")


def attempt(connection: Any, steps: Sequence[Step]) -> list[Step]:
    """Apply steps and note them, in one transaction: killed on the way, it has not happened."""
    with connection, connection.cursor() as cursor:
        cursor.execute(BEGIN)
        seen = seen_in(cursor, APPLIED)
        todo = [step for step in steps if step.missing(seen)]
        for step in todo:
            run(cursor, step)
        return todo


def run(cursor: Any, step: Step) -> None:
    """Apply one step and note it."""
    try:
        cursor.execute(step.sql)
        step.note(cursor)
    except errors.LockNotAvailable:
        raise
    except psycopg2.Error as error:
        raise failed(error, f"The migration {step.name} failed: {sentence(error)}") from None


@contextmanager
def connected(dsn: str) -> Iterator[Any]:
    """A synchronous connection, for a thread or a command."""
    try:
        connection = psycopg2.connect(target(dsn).dsn, connect_timeout=CONNECT)
    except Unavailable as error:
        raise MigrationError(str(error)) from None
    except psycopg2.Error as error:
        raise Interrupted(f"PostgreSQL cannot be used: {sentence(error)}") from None
    try:
        require(connection)
        yield connection
    except psycopg2.Error as error:
        raise failed(error, f"PostgreSQL failed: {sentence(error)}") from None
    finally:
        connection.close()


def failed(error: psycopg2.Error, message: str) -> MigrationError:
    """What became of the migration, where PostgreSQL said this."""
    return Interrupted(message) if fatal(error) else MigrationError(message)


def require(connection: Any) -> None:
    """Refuse a server that cannot hold our schema."""
    if connection.server_version < OLDEST:
        raise MigrationError("PostgreSQL is older than version 14: iam needs 14 or later.")
    if connection.info.parameter_status("server_encoding") != "UTF8":
        raise MigrationError("The database is not in UTF-8: create one with `encoding 'UTF8'`.")
