"""Where the database is: a libpq connection string taken apart into hosts.

libpq's own walk through several hosts knows no deadline when it is asynchronous (134 s observed), and it looks names up
while everybody waits. So we walk ourselves, and each attempt gets one address (H44).
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
    "gssencmode": "disable",  # negotiating it asks a Kerberos server, and everybody waits
}
PORT: Final = "5432"
SESSION: Final = "target_session_attrs"
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

    @property
    def place(self) -> tuple[str, str]:
        """Where it is, in one spelling."""
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
    """What to connect to: hosts in the order of the connection string, and what else libpq is to know."""

    hosts: tuple[Host, ...]
    keywords: dict[str, str] = field(repr=False)  # with the password

    @property
    def dsn(self) -> str:
        """The same as a connection string."""
        lists = {"host": "name", "hostaddr": "address", "port": "port"}
        places = {name: ",".join(getattr(host, part) for host in self.hosts) for name, part in lists.items()}
        return str(make_dsn(**self.keywords | {name: value for name, value in places.items() if value.strip(",")}))

    @property
    def alone(self) -> bool:
        """Is there one host, and no other to go to?"""
        return len(self.hosts) == 1

    @property
    def demanding(self) -> bool:
        """Must each connection write?"""
        return self.keywords.get(SESSION) in ("read-write", "primary")

    def at(self, host: Host, address: str) -> dict[str, str]:
        """What libpq is told for this one address of this one host; whether that writes, is for us to see."""
        where = {"host": host.name, "hostaddr": address, "port": host.port, SESSION: "any"}
        return self.keywords | {name: value for name, value in where.items() if value}


def target(dsn: str) -> Target:
    """Where and what a connection string means; what it leaves out comes from libpq's environment. Raises Misdirected."""
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
    """The hosts of libpq's three parallel lists; one port stands for all, and names or numbers may be left out."""
    count = max(len(names), len(numbers))
    lists = [values * count if len(values) == 1 else values for values in (names, numbers, ports)]
    return tuple(starmap(Host, zip(*lists, strict=True)))


def check_once(hosts: tuple[Host, ...]) -> None:
    """Refuse a host that stands there twice, however it is written."""
    seen: dict[tuple[str, str], int] = {}
    for place, host in enumerate(hosts, 1):
        first = seen.setdefault(host.place, place)
        if first != place:
            raise wrong(f"the {nth(first)} and the {nth(place)} host are the same: name each once")
