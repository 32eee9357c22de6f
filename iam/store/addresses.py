"""Where the database is: a libpq connection string taken apart into hosts.

libpq's own walk through several hosts knows no deadline when it is asynchronous (134 s observed), and it looks names up
while everybody waits. So we walk ourselves, and each attempt gets one address (H44).
"""

import os
from itertools import starmap
from typing import Final

import psycopg2
from attrs import field, frozen
from psycopg2.extensions import parse_dsn

from iam.store.errors import Unavailable

CUSTOMARY: Final = {
    "keepalives": "1",
    "keepalives_idle": "5",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "10000",
    "gssencmode": "disable",  # negotiating it asks a Kerberos server, and everybody waits
}
FIXED: Final = {"application_name": "iam", "client_encoding": "UTF8"}


@frozen
class Host:
    """One of the hosts that a connection string names; `name` is empty or a path where it is a socket."""

    name: str
    address: str
    port: str

    @property
    def local(self) -> bool:
        """Is it reached by a Unix socket?"""
        return not self.address and self.name[:1] in ("", "/", "@")

    def __str__(self) -> str:
        where = self.name or self.address or "the local socket"
        return f"{where}, port {self.port}" if self.port else where


@frozen
class Target:
    """What to connect to: hosts in the order of the connection string, and what else libpq is to know."""

    hosts: tuple[Host, ...]
    keywords: dict[str, str] = field(repr=False)  # with the password

    def at(self, host: Host, address: str) -> dict[str, str]:
        """What libpq is told for this one address of this one host."""
        where = {"host": host.name, "hostaddr": address, "port": host.port}
        return self.keywords | {name: value for name, value in where.items() if value}


def keywords(dsn: str) -> dict[str, str]:
    """What a libpq URI or keyword string says, and what we add to it."""
    try:
        told = parse_dsn(dsn)
    except psycopg2.ProgrammingError:
        # libpq's message repeats the string, and with it a password
        raise Unavailable("The database must be given as a PostgreSQL URI or keyword string.") from None
    if "," in told.get("host", "") + told.get("hostaddr", ""):
        # all but one of several hosts are standbys, and we always write
        told.setdefault("target_session_attrs", "read-write")
    together: dict[str, str] = CUSTOMARY | told | FIXED
    return together


def target(dsn: str) -> Target:
    """Where and what a connection string means; what it leaves out comes from libpq's environment."""
    told = keywords(dsn)
    names, numbers, ports = (
        (told.pop(name, "") or os.environ.get("PG" + name.upper(), "")).split(",")
        for name in ("host", "hostaddr", "port")
    )
    told.pop("connect_timeout", None)
    return Target(among(names, numbers, ports), told)


def among(names: list[str], numbers: list[str], ports: list[str]) -> tuple[Host, ...]:
    """The hosts of libpq's three parallel lists; one port stands for all, and names or numbers may be left out."""
    count = max(len(names), len(numbers))
    lists = [values * count if len(values) == 1 else values for values in (names, numbers, ports)]
    if any(len(values) != count for values in lists):
        raise Unavailable("The database's connection string names more or fewer ports or addresses than hosts.")
    return tuple(starmap(Host, zip(*lists, strict=True)))
