"""The address of the server that a command works on: --server, or IAM_SERVER."""

import os
from typing import Final
from urllib.parse import urlsplit

import click

from iam.commands.options import CONFIG, DATA_DIR, DATABASE, SERVER
from iam.networks import loopback

VARIABLE: Final = "IAM_SERVER"
EXAMPLE: Final = "Give the address of the server, such as https://login.example.org."
PLAIN: Final = "Begin the address of the server with https://; http is for this machine alone, as others could read it."
BOTH: Final = "--server goes through the API of a running server: leave it out, or --database, --data-dir and --config."
NONE: Final = "Name the server: iam {} --server https://login.example.org"


def server() -> str | None:
    """Returns the address of the server; None for the database of this machine. Raises UsageError."""
    meta = click.get_current_context().meta
    here = not {DATABASE, DATA_DIR, CONFIG}.isdisjoint(meta)
    told = meta.get(SERVER)
    if told and here:
        raise click.UsageError(BOTH)
    if not told and not here:
        told = os.environ.get(VARIABLE)
    return checked(told) if told else None


def needed_server(command: str) -> str:
    """Returns the address of the server, without which this command means nothing. Raises UsageError."""
    told = server()
    if told is None:
        raise click.UsageError(NONE.format(command))
    return told


def checked(told: str) -> str:
    """Returns the address without a slash at its end. Raises UsageError if it is none, or if others could read along."""
    try:
        parts = urlsplit(told)
        usable = parts.hostname and parts.port != 0 and parts.username is None and not parts.query + parts.fragment
    except ValueError:
        usable = None
    if not usable or parts.scheme not in ("http", "https") or not told.isprintable() or " " in told:
        raise click.UsageError(EXAMPLE)
    if parts.scheme == "http" and not loopback(parts.hostname or ""):
        raise click.UsageError(PLAIN)
    return told.rstrip("/?#")
