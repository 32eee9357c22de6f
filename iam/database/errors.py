"""The errors that the database raises instead of returning rows."""

from typing import Final

import psycopg2
from psycopg2 import errorcodes

CONTENTION: Final = {errorcodes.SERIALIZATION_FAILURE, errorcodes.DEADLOCK_DETECTED}
DELAY: Final = {errorcodes.QUERY_CANCELED, errorcodes.LOCK_NOT_AVAILABLE}
SHUTDOWN: Final = {"57P01", "57P02", "57P03", "57P04", "57P05"}
READ_ONLY: Final = errorcodes.READ_ONLY_SQL_TRANSACTION  # a standby, or a full disk
ONLY_READ: Final = f"a standby, or default_transaction_read_only ({READ_ONLY})"
READ_FROM: Final = f"The database is only read from here: {ONLY_READ}. Name the primary in --database, or all hosts, or promote this one"
OUTAGE: Final = ("53", "57", "58", READ_ONLY)
OURS: Final = "42"  # syntax, unknown names: the message is about our SQL and quotes no values


class Unavailable(Exception):
    """The database cannot answer now: HTTP 503."""


class Unusable(Unavailable):
    """The database is unsuitable or does not admit us; waiting does not help."""


class Unsuitable(Unusable):
    """A server, or a pooler in front of it, that iam cannot work with; no other host makes up for it."""


class Misdirected(Unusable):
    """The value of `--database` is invalid: a usage error."""


class Timeout(Unavailable):
    """The database did not answer in time, or no connection was free in time."""


class GivenUp(Timeout):
    """What is under way is no longer waited for; it may go on in the database."""


class Overloaded(Unavailable):
    """Too many requests wait already (H45)."""


class ConnectionLost(Unavailable):
    """The connection broke. The statement may have been executed or not, so it is not repeated automatically."""


class Superseded(ConnectionLost):
    """Another server of the database is the primary now."""


class ReadOnly(Unavailable):
    """The database can be read but not written."""


class Repeatable(Unavailable):
    """Nothing was done, for a reason that may soon be gone, such as other transactions (H43)."""


class NoPartition(Repeatable):
    """There is no partition for a row: none was created in time, so they must be created now."""


class Rejected(Exception):
    """The database refused the statement; nothing was changed.

    PostgreSQL's message quotes values (`Key (email)=(...) already exists`), so it is not repeated here (H30).
    """

    def __init__(self, sqlstate: str, constraint: str | None, detail: str) -> None:
        super().__init__(f"{sqlstate} {detail}")
        self.sqlstate = sqlstate
        self.constraint = constraint


def translated(error: psycopg2.Error) -> Exception:
    """Returns our error for one that PostgreSQL or libpq has reported."""
    state = error.pgcode
    if state is None or fatal(error):
        return ConnectionLost("The connection to the database was lost: " + sentence(error))
    if repeatable := passing(error):
        return repeatable
    if state in DELAY:
        return Timeout(f"The database took too long ({state}).")
    if state == READ_ONLY:
        return ReadOnly(READ_FROM + ".")
    if state.startswith(OUTAGE):
        return Unavailable(f"The database cannot do this now ({state}).")
    constraint = error.diag.constraint_name
    detail = error.diag.message_primary if state.startswith(OURS) else f"{type(error).__name__} {constraint or ''}"
    return Rejected(state, constraint, (detail or "").strip())


def passing(error: psycopg2.Error) -> Repeatable | None:
    """Returns our error if the same statement may succeed when it is repeated, or None."""
    if error.pgcode in CONTENTION:
        return Repeatable(f"Other transactions were in the way ({error.pgcode}).")
    if stale(error):
        return Repeatable(f"The connection's prepared statements were out of date ({error.pgcode}).")
    if error.pgcode == errorcodes.CHECK_VIOLATION and error.diag.constraint_name is None:
        return NoPartition("There is no partition for this row.")
    return None


def sentence(error: psycopg2.Error) -> str:
    """Returns the message of PostgreSQL or libpq in one line, without the details, which quote values."""
    return " ".join((error.diag.message_primary or str(error)).split())


def fatal(error: psycopg2.Error) -> bool:
    """Tells whether the connection is unusable; it is not after a deadlock, a timeout or a lock timeout (H41)."""
    state = error.pgcode
    return (
        isinstance(error, psycopg2.InterfaceError)
        or state is None
        or state.startswith("08")
        or state in SHUTDOWN
        or error.diag.severity_nonlocalized in ("FATAL", "PANIC")
    )


def stale(error: psycopg2.Error) -> bool:
    """Tells whether prepared statements are gone (DISCARD ALL), or older than a change of a table's columns."""
    outdated = error.pgcode == errorcodes.FEATURE_NOT_SUPPORTED and "cached plan" in (error.diag.message_primary or "")
    return outdated or error.pgcode == errorcodes.INVALID_SQL_STATEMENT_NAME
