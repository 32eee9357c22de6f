"""The schema: plain SQL files, each applied once, in one transaction with the note that it was (H49)."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import sleep
from typing import Any, Final

import psycopg2
from attrs import frozen
from psycopg2 import errors

from iam.database.addresses import target
from iam.database.errors import Unavailable, fatal, sentence

DIRECTORY: Final = Path(__file__).parent.parent / "store" / "migrations"
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
"""
KNOWN: Final = "select exists (select from pg_tables where schemaname = current_schema() and tablename = 'migrations')"
APPLIED: Final = "select name from migrations order by name"
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


def applied(dsn: str) -> list[str]:
    """The names of the migrations that the database has seen."""
    with connected(dsn) as connection:
        return names_in(connection)


def pending(dsn: str) -> list[str]:
    """The names of the migrations that the database has not seen."""
    with connected(dsn) as connection:
        return [migration.name for migration in missing(connection, migrations(DIRECTORY))]


def migrate(dsn: str, directory: Path = DIRECTORY) -> list[str]:
    """Bring the schema up to date; the names of the migrations which that took."""
    with connected(dsn) as connection:
        todo = missing(connection, migrations(directory))
        return [migration.name for migration in todo if apply(connection, migration)]


def admit(dsn: str, role: str) -> None:
    """Let servers of this role work on the schema, which they need not own; the owner says so. Raises MigrationError."""
    with connected(dsn) as connection, connection, connection.cursor() as cursor:
        cursor.execute(ADMIT, (role,))


def migrations(directory: Path) -> list[Migration]:
    """All migrations in their order."""
    paths = sorted(directory.glob("[0-9][0-9][0-9][0-9]_*.sql"))
    return [Migration(path.stem, path.read_text(encoding="utf-8")) for path in paths]


def missing(connection: Any, known: list[Migration]) -> list[Migration]:
    """What the database has not seen; it must not have seen what is unknown here, for that is a newer iam's (H49)."""
    seen = names_in(connection)
    strange = sorted(set(seen) - {migration.name for migration in known})
    if strange:
        raise MigrationError(
            f"The database belongs to a newer version of iam: it has {strange[-1]}, which this version does not know. "
            "Start that version instead, or restore a backup."
        )
    return [migration for migration in known if migration.name not in seen]


def names_in(connection: Any) -> list[str]:
    """The migrations noted in the schema that unqualified names are made in."""
    with connection, connection.cursor() as cursor:
        cursor.execute(KNOWN)
        if not cursor.fetchone()[0]:
            return []
        cursor.execute(APPLIED)
        return [name for (name,) in cursor.fetchall()]


def apply(connection: Any, migration: Migration) -> bool:
    """Apply one migration; False if another server was faster."""
    for _ in range(ATTEMPTS):
        try:
            return attempt(connection, migration)
        except errors.LockNotAvailable:
            sleep(PAUSE)
        except psycopg2.Error as error:
            raise failed(error, f"The migration {migration.name} failed: {sentence(error)}") from None
    raise MigrationError(f"The migration {migration.name} found its tables locked all the time.")


def attempt(connection: Any, migration: Migration) -> bool:
    """Apply one migration and note it, in one transaction: killed on the way, it has not happened."""
    with connection, connection.cursor() as cursor:
        cursor.execute(BEGIN)
        cursor.execute(APPLIED)
        if (migration.name,) in cursor.fetchall():
            return False
        cursor.execute(migration.sql)
        cursor.execute(NOTE, (migration.name,))
        return True


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
