"""Splits a libpq connection string into hosts.

libpq's own asynchronous walk through several hosts has no deadline (134 s observed), and its name look-ups block the
process. So we go through the hosts ourselves, and each attempt gets one address (H44).
"""

import os
import posixpath
from ipaddress import ip_address
from itertools import starmap
from typing import Final

from attrs import field, frozen
from psycopg2.extensions import make_dsn

from iam.database.connection_strings import check_places, nth, parsed, wrong

CUSTOMARY: Final = {
    "keepalives": "1",
    "keepalives_idle": "5",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "10000",
    "gssencmode": "disable",  # negotiating it blocks the process while it asks a Kerberos server
}
PORT: Final = "5432"
SESSION: Final = "target_session_attrs"
FIXED: Final = {"application_name": "iam", "client_encoding": "UTF8"}


@frozen
class Host:
    """One host of a connection string; for a Unix socket `name` is empty or a path."""

    name: str
    address: str
    port: str

    @property
    def local(self) -> bool:
        """Whether it is reached by a Unix socket."""
        return not self.address and self.name[:1] in ("", "/", "@")

    @property
    def place(self) -> tuple[str, str]:
        """The host in a canonical spelling, and its port."""
        if self.local:
            return posixpath.normpath(self.name) if self.name else "", self.port or PORT
        try:
            known = ip_address(self.address or self.name)
        except ValueError:
            name = self.name.lower().rstrip(".")
            return "127.0.0.1" if name == "localhost" else name, self.port or PORT
        return str(getattr(known, "ipv4_mapped", None) or known), self.port or PORT

    def __str__(self) -> str:
        where = self.name or self.address or "the local socket"
        return f"{where}, port {self.port}" if self.port else where


@frozen
class Target:
    """What to connect to: the hosts in the order to try them, and libpq's other keywords."""

    hosts: tuple[Host, ...]
    keywords: dict[str, str] = field(repr=False)  # with the password

    @property
    def dsn(self) -> str:
        """The target as a connection string, with the password."""
        lists = {"host": "name", "hostaddr": "address", "port": "port"}
        places = {name: ",".join(getattr(host, part) for host in self.hosts) for name, part in lists.items()}
        return str(make_dsn(**self.keywords | {name: value for name, value in places.items() if value.strip(",")}))

    @property
    def alone(self) -> bool:
        """Whether there is only one host."""
        return len(self.hosts) == 1

    @property
    def demanding(self) -> bool:
        """Whether every connection must lead to a server that takes writes."""
        return self.keywords.get(SESSION) in ("read-write", "primary")

    def at(self, host: Host, address: str) -> dict[str, str]:
        """Returns libpq's keywords for one address of one host; we check ourselves whether it takes writes."""
        where = {"host": host.name, "hostaddr": address, "port": host.port, SESSION: "any"}
        return self.keywords | {name: value for name, value in where.items() if value}


def target(dsn: str) -> Target:
    """Parses a connection string; what it leaves out comes from libpq's environment. Raises Misdirected."""
    told = parsed(dsn)
    names, numbers, ports = (
        (told.pop(name, "") or os.environ.get("PG" + name.upper(), "")).split(",")
        for name in ("host", "hostaddr", "port")
    )
    check_places(names, numbers, ports)
    hosts = among(names, numbers, ports)
    check_once(hosts)
    told.pop("connect_timeout", None)
    if len(hosts) > 1:
        # all but one of several hosts are standbys, and we always write
        told.setdefault(SESSION, os.environ.get("PGTARGETSESSIONATTRS") or "read-write")
    return Target(hosts, CUSTOMARY | told | FIXED)


def among(names: list[str], numbers: list[str], ports: list[str]) -> tuple[Host, ...]:
    """Returns the hosts of libpq's three parallel lists; one port may be for all, names or numbers may be missing."""
    count = max(len(names), len(numbers))
    lists = [values * count if len(values) == 1 else values for values in (names, numbers, ports)]
    return tuple(starmap(Host, zip(*lists, strict=True)))


def check_once(hosts: tuple[Host, ...]) -> None:
    """Raises Misdirected if a host is named twice, in whatever spelling."""
    seen: dict[tuple[str, str], int] = {}
    for place, host in enumerate(hosts, 1):
        first = seen.setdefault(host.place, place)
        if first != place:
            raise wrong(f"the {nth(first)} and the {nth(place)} host are the same: name each once")
