"""Judges why a connection failed, by the message of PostgreSQL or libpq, and whether waiting can help."""

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
# libpq's messages, which are not translated here. ENOENT means a socket that does not exist yet, or a missing
# certificate.
ABSENCE: Final = re.compile(
    r"(connection to server [^\n]* failed: )?(could not [a-z ]+: |SSL SYSCALL error: )?(SSL error: unexpected eof|"
    + "|".join(re.escape(os.strerror(number)) for number in NETWORK)
    + r"|EOF detected|SSL connection has been closed unexpectedly|server closed the connection unexpectedly|timeout expired)\b"
)
POOLERS: Final = re.compile(
    r"server_login_retry|server_connect_timeout|server down|query_wait_timeout|pgbouncer cannot connect"
)


def ask_for_states(connection: Any) -> None:
    """Makes libpq include the SQLSTATE when a connection is refused, as the text is in the server's language.

    psycopg2 has no call for this, but exposes libpq's connection (`pgconn_ptr`). If libpq's function cannot be found,
    only the text is available.
    """
    with suppress(AttributeError, OSError):
        library().PQsetErrorVerbosity(ctypes.c_void_p(connection.pgconn_ptr), VERBOSE)


@cache
def library() -> ctypes.CDLL:
    """Returns psycopg2's C library, in which libpq's functions can be found too."""
    return ctypes.CDLL(_psycopg.__file__)


def judged(error: psycopg2.Error) -> Unavailable:
    """Returns the error for a connection that failed: Unavailable if waiting can help, otherwise Unusable."""
    told = str(error).strip()
    if refusal := REFUSAL.search(told):
        state, text = refusal["state"], " ".join(refusal["text"].split())
        waiting = state.startswith(PASSING) or (state.startswith("08") and POOLERS.search(text))
        return (Unavailable if waiting else Unusable)(f"{text} ({state})")
    if ABSENCE.match(told):
        return Unavailable(told.partition("\n")[0])  # the rest asks whether the server is running
    return Unusable(" ".join(told.split()))
