"""Origins: where the clients that run in browsers live, as browsers write it in `Origin` (RFC 6454 §6.1)."""

import re
from collections.abc import Iterable
from ipaddress import ip_address
from typing import Final

from iam.clock import Clock
from iam.database.database import Database
from iam.database.errors import Unavailable
from iam.database.memory import MAXIMUM_AGE
from iam.networks import loopback
from iam.schemes import USUAL_PORTS

ALL: Final = "select id, redirect_uris from clients where disabled_at is null"
THESE: Final = ALL + " and id = any(%(ids)s)"

URI: Final = re.compile(r"(?P<scheme>https?)://(?P<host>\[[0-9a-f:.]+\]|[^/?:@]+)(?::(?P<port>[0-9]+))?(?=[/?]|$)")


class Origins:
    """The origins of all enabled clients, in memory.

    They are read as a whole from time to time, and in between for clients that changed.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._read_at: float | None = None
        self._changed: set[str] = set()
        self._of: dict[str, frozenset[str]] = {}
        self._all: frozenset[str] = frozenset()

    async def known(self, origin: str) -> bool:
        """Returns whether this is the origin of a client.

        While the database is away, the answer comes from what was read last.
        """
        now, changed = self._clock.seconds(), self._changed
        whole = self._read_at is None or not 0 <= now - self._read_at < MAXIMUM_AGE
        if whole or changed:
            self._changed = set()
            try:
                self._keep(await self._read(None if whole else changed), None if whole else changed)
            except Unavailable:
                self._changed |= changed
            else:
                self._read_at = now if whole else self._read_at
        return origin in self._all

    def forget(self, client_id: str | None = None) -> None:
        """Has this client, or all of them, read again."""
        if client_id is None:
            self._read_at = None
        else:
            self._changed.add(client_id)

    async def _read(self, ids: set[str] | None) -> dict[str, frozenset[str]]:
        statement, told = (ALL, {}) if ids is None else (THESE, {"ids": list(ids)})
        return {client_id: origins(uris) for client_id, uris in await self._database.query(statement, told)}

    def _keep(self, found: dict[str, frozenset[str]], ids: set[str] | None) -> None:
        """Replaces the origins of these clients, or of all if `ids` is None, by those found."""
        kept = {} if ids is None else {client_id: own for client_id, own in self._of.items() if client_id not in ids}
        self._of = {**kept, **found}
        self._all = frozenset().union(*self._of.values())


def origins(redirect_uris: Iterable[str]) -> frozenset[str]:
    """Returns the origins of the redirect URIs at which a page can live.

    These are https anywhere, and http on the browser's own machine.
    """
    return frozenset(origin for uri in redirect_uris if (origin := origin_of(uri)))


def origin_of(redirect_uri: str) -> str | None:
    """Returns the origin of a redirect URI; None if no page can live there."""
    found = URI.match(redirect_uri.lower())
    if found is None:
        return None
    scheme, host, port = found["scheme"], written(found["host"]), found["port"]
    if host is None or (scheme == "http" and not loopback(host)):
        return None
    return f"{scheme}://{host}" + (f":{int(port)}" if port and port != str(USUAL_PORTS[scheme]) else "")


def written(host: str) -> str | None:
    """Returns the host as browsers write it, an IPv6 address in its short form; None if it is malformed."""
    if not host.startswith("["):
        return host
    try:
        return f"[{ip_address(host[1:-1]).compressed}]"
    except ValueError:
        return None
