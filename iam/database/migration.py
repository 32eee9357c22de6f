"""The schema: SQL files, each applied in one transaction together with the note of it (H49).

Migrations are applied once, in their order; then functions, whenever their text has changed (iam.database.functions).
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
ATTEMPTS: Final = 100  # to lock busy tables, each with a short wait
PAUSE: Final = 0.3  # seconds between two attempts
OLDEST: Final = 140000  # server_version of PostgreSQL 14

# The advisory lock lets two servers that start at once migrate once; it ends with the transaction. The wait for a
# table's lock is so short that requests, which queue behind ours, hardly notice.
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
    """The database could not be reached or went away, perhaps for a moment; the migration was not applied."""


@frozen
class Migration:
    """One file, `NNNN_word.sql`."""

    name: str
    sql: str

    def missing(self, seen: Mapping[str, str]) -> bool:
        """Tells whether the database has not had it yet."""
        return self.name not in seen

    def note(self, cursor: Any) -> None:
        """Notes in the database that it was applied."""
        cursor.execute(NOTE, (self.name,))


Step = Migration | Function


def applied(dsn: str) -> list[str]:
    """Returns the names of the migrations that the database has had. Raises MigrationError."""
    with connected(dsn) as connection:
        return [name for name, hash_ in seen_by(connection).items() if not hash_]


def pending(dsn: str, directory: Path = DIRECTORY) -> list[str]:
    """Returns the names of the migrations not applied yet, and of functions that have changed since.

    Raises MigrationError.
    """
    with connected(dsn) as connection:
        seen = seen_by(connection)
        return names(missing(seen, directory), seen)


def migrate(dsn: str, directory: Path = DIRECTORY) -> list[str]:
    """Brings the schema up to date and returns the names of the migrations and functions applied.

    Raises MigrationError.
    """
    with connected(dsn) as connection:
        seen = seen_by(connection)
        todo = missing(seen, directory)
        return names([step for steps in together(todo) for step in apply(connection, steps)], seen)


def admit(dsn: str, role: str) -> None:
    """Lets servers of this role work on the schema without owning it; the owner calls this. Raises MigrationError."""
    with connected(dsn) as connection, connection, connection.cursor() as cursor:
        cursor.execute(ADMIT, (role,))


def migrations(directory: Path) -> list[Migration]:
    """Returns all migrations of a directory, in their order."""
    paths = sorted(directory.glob("[0-9][0-9][0-9][0-9]_*.sql"))
    return [Migration(path.stem, path.read_text(encoding="utf-8")) for path in paths]


def missing(seen: Mapping[str, str], directory: Path) -> list[Step]:
    """Returns the steps that the database lacks.

    Raises MigrationError if it has migrations that are unknown here: it belongs to a newer iam (H49).
    """
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
    """Returns the names to report: on a new database, which gets all functions, only those of migrations."""
    return [step.name for step in steps if seen or isinstance(step, Migration)]


def seen_by(connection: Any) -> dict[str, str]:
    """Returns what the current schema notes: migrations, and functions with their hashes."""
    with connection, connection.cursor() as cursor:
        cursor.execute(TABLES)
        return seen_in(cursor, {name for (name,) in cursor.fetchall()})


def seen_in(cursor: Any, tables: Collection[str]) -> dict[str, str]:
    """Returns what these tables note: names, with the hash of a function or an empty text."""
    seen: dict[str, str] = {}
    for statement in (statement for table, statement in APPLIED.items() if table in tables):
        cursor.execute(statement)
        seen.update(cursor.fetchall())
    return seen


def together(steps: Sequence[Step]) -> Iterator[Sequence[Step]]:
    """Yields the steps of each transaction: a single migration, which may take long and lock much, or all functions."""
    yield from ([step] for step in steps if isinstance(step, Migration))
    if rest := [step for step in steps if isinstance(step, Function)]:
        yield rest


def apply(connection: Any, steps: Sequence[Step]) -> list[Step]:
    """Applies these steps and returns those that no other server had applied before.

    Raises MigrationError if their tables stay locked.
    """
    for _ in range(ATTEMPTS):
        try:
            return attempt(connection, steps)
        except errors.LockNotAvailable:
            sleep(PAUSE)
    raise MigrationError(f"The migration {steps[0].name} found its tables locked all the time.")


def attempt(connection: Any, steps: Sequence[Step]) -> list[Step]:
    """Applies steps and notes them in one transaction, so that nothing is left of them if it is interrupted."""
    with connection, connection.cursor() as cursor:
        cursor.execute(BEGIN)
        seen = seen_in(cursor, APPLIED)
        todo = [step for step in steps if step.missing(seen)]
        for step in todo:
            run(cursor, step)
        return todo


def run(cursor: Any, step: Step) -> None:
    """Applies one step and notes it. Raises MigrationError, or LockNotAvailable if it can be tried again."""
    try:
        cursor.execute(step.sql)
        step.note(cursor)
    except errors.LockNotAvailable:
        raise
    except psycopg2.Error as error:
        raise failed(error, f"The migration {step.name} failed: {sentence(error)}") from None


@contextmanager
def connected(dsn: str) -> Iterator[Any]:
    """Opens a synchronous connection, for a thread or a command. Raises MigrationError."""
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
    """Returns the error for a failed migration: Interrupted if the connection is lost."""
    return Interrupted(message) if fatal(error) else MigrationError(message)


def require(connection: Any) -> None:
    """Raises MigrationError if the server is too old or the database not in UTF-8."""
    if connection.server_version < OLDEST:
        raise MigrationError("PostgreSQL is older than version 14: iam needs 14 or later.")
    if connection.info.parameter_status("server_encoding") != "UTF8":
        raise MigrationError("The database is not in UTF-8: create one with `encoding 'UTF8'`.")
