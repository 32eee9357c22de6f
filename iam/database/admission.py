"""Why a connection did not come about: what PostgreSQL or libpq says of it, and whether waiting can cure it."""

import ctypes
import errno
import os
import re
from contextlib import suppress
from functools import cache
from typing import Any, Final

import psycopg2
from psycopg2 import _psycopg

from iam.database.errors import Unavailable, Unusable

VERBOSE: Final = 2  # PQERRORS_VERBOSE
REFUSAL: Final = re.compile(r"\w+:  (?P<state>[0-9A-Z]{5}): (?P<text>.*?)(?:\n[A-Z ]+:  .*|\s*)\Z", re.DOTALL)
PASSING: Final = ("53", "57P01", "57P02", "57P03")  # too many connections; shutting down, starting, in recovery
NETWORK: Final = (
    *(errno.ECONNREFUSED, errno.ECONNRESET, errno.ECONNABORTED, errno.EPIPE, errno.ETIMEDOUT, errno.EAGAIN),
    *(errno.EHOSTUNREACH, errno.EHOSTDOWN, errno.ENETUNREACH, errno.ENETDOWN, errno.ENOENT, errno.EADDRNOTAVAIL),
)
# Words of libpq, which has no translations here; ENOENT is a socket that is not there yet, or a certificate that never will be.
ABSENCE: Final = re.compile(
    r"(connection to server [^\n]* failed: )?(could not [a-z ]+: |SSL SYSCALL error: )?(SSL error: unexpected eof|"
    + "|".join(re.escape(os.strerror(number)) for number in NETWORK)
    + r"|EOF detected|SSL connection has been closed unexpectedly|server closed the connection unexpectedly|timeout expired)\b"
)
POOLERS: Final = re.compile(
    r"server_login_retry|server_connect_timeout|server down|query_wait_timeout|pgbouncer cannot connect"
)


def ask_for_states(connection: Any) -> None:
    """Let libpq tell the SQLSTATE of a refused connection, since the words are in the server's language.

    psycopg2 has no call for it, but shows libpq's own object (`pgconn_ptr`). Without that function there are only the words.
    """
    with suppress(AttributeError, OSError):
        library().PQsetErrorVerbosity(ctypes.c_void_p(connection.pgconn_ptr), VERBOSE)


@cache
def library() -> ctypes.CDLL:
    """psycopg2's own, in which libpq's names are found too."""
    return ctypes.CDLL(_psycopg.__file__)


def judged(error: psycopg2.Error) -> Unavailable:
    """Our word for a connection that failed: Unusable, unless waiting can cure it."""
    told = str(error).strip()
    if refusal := REFUSAL.search(told):
        state, text = refusal["state"], " ".join(refusal["text"].split())
        waiting = state.startswith(PASSING) or (state.startswith("08") and POOLERS.search(text))
        return (Unavailable if waiting else Unusable)(f"{text} ({state})")
    if ABSENCE.match(told):
        return Unavailable(told.partition("\n")[0])  # after it libpq asks whether the server is running
    return Unusable(" ".join(told.split()))
