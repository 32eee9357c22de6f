"""What the database may answer instead of rows."""

from typing import Final

import psycopg2
from psycopg2 import errorcodes

CONTENTION: Final = {errorcodes.SERIALIZATION_FAILURE, errorcodes.DEADLOCK_DETECTED}
DELAY: Final = {errorcodes.QUERY_CANCELED, errorcodes.LOCK_NOT_AVAILABLE}
SHUTDOWN: Final = {"57P01", "57P02", "57P03", "57P04", "57P05"}
READ_ONLY: Final = errorcodes.READ_ONLY_SQL_TRANSACTION  # a standby, or a disk that is full
ONLY_READ: Final = f"a standby, or default_transaction_read_only ({READ_ONLY})"
READ_FROM: Final = f"The database is only read from here: {ONLY_READ}. Name the primary in --database, or all hosts, or promote this one"
OUTAGE: Final = ("53", "57", "58", READ_ONLY)
OURS: Final = "42"  # syntax, unknown names: the message speaks of our SQL, not of anybody's values


class Unavailable(Exception):
    """The database cannot answer now: HTTP 503."""


class Unusable(Unavailable):
    """The database does not fit, or does not let us in: waiting does not cure it."""


class Unsuitable(Unusable):
    """A server, or what is in front of it, with which iam cannot work; no other host makes up for it."""


class Misdirected(Unusable):
    """What `--database` says cannot be meant: wrong usage."""


class Timeout(Unavailable):
    """The database, or a connection to it, did not come in time."""


class GivenUp(Timeout):
    """We wait no longer for what is under way; in the database it may go on."""


class Overloaded(Unavailable):
    """Too many wait already (H45)."""


class ConnectionLost(Unavailable):
    """The connection broke: what was asked may have happened or not, so nobody asks again by himself."""


class Superseded(ConnectionLost):
    """Another server of the database is the primary now."""


class ReadOnly(Unavailable):
    """The database can be read, and not written."""


class Repeatable(Unavailable):
    """Nothing was done, for a reason that may be gone in a moment: other transactions were in the way (H43)."""


class NoPartition(Repeatable):
    """A row lies beyond the partitions that there are: nobody has tended them for long, and has to now."""


class Rejected(Exception):
    """The database refuses what it was asked; nothing was changed.

    PostgreSQL's own message quotes values (`Key (email)=(...) already exists`), so it is not repeated here (H30).
    """

    def __init__(self, sqlstate: str, constraint: str | None, detail: str) -> None:
        super().__init__(f"{sqlstate} {detail}")
        self.sqlstate = sqlstate
        self.constraint = constraint


def translated(error: psycopg2.Error) -> Exception:
    """Our word for an error which PostgreSQL or libpq has reported."""
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
    """Our word for an error that the same statement need not meet again."""
    if error.pgcode in CONTENTION:
        return Repeatable(f"Other transactions were in the way ({error.pgcode}).")
    if stale(error):
        return Repeatable(f"The connection's prepared statements were out of date ({error.pgcode}).")
    if error.pgcode == errorcodes.CHECK_VIOLATION and error.diag.constraint_name is None:
        return NoPartition("There is no partition for this row.")
    return None


def sentence(error: psycopg2.Error) -> str:
    """What PostgreSQL or libpq says, in one line, without the details, which quote values."""
    return " ".join((error.diag.message_primary or str(error)).split())


def fatal(error: psycopg2.Error) -> bool:
    """Is the connection of no more use? Not after a deadlock, a timeout or a lock that was not to be had (H41)."""
    state = error.pgcode
    return (
        isinstance(error, psycopg2.InterfaceError)
        or state is None
        or state.startswith("08")
        or state in SHUTDOWN
        or error.diag.severity_nonlocalized in ("FATAL", "PANIC")
    )


def stale(error: psycopg2.Error) -> bool:
    """Are the connection's prepared statements gone (DISCARD ALL), or older than a change of a table's columns?"""
    outdated = error.pgcode == errorcodes.FEATURE_NOT_SUPPORTED and "cached plan" in (error.diag.message_primary or "")
    return outdated or error.pgcode == errorcodes.INVALID_SQL_STATEMENT_NAME
