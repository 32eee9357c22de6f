"""Resources: what access tokens are for, and what those tokens are like there (RFC 8707)."""

from collections.abc import Sequence
from datetime import datetime

from attrs import frozen

from iam.clock import Clock
from iam.store.database import Database
from iam.store.memory import Memory

ALL = """
select uri, scopes, token_format, lifetime, client_id, created_at, disabled_at, signing_alg from resources order by created_at, uri
"""
CREATE = """
insert into resources (uri, scopes, token_format, signing_alg, lifetime, client_id, created_at)
values (%(uri)s, %(scopes)s, %(token_format)s, %(signing_alg)s, %(lifetime)s, %(client_id)s, %(now)s)
on conflict do nothing
returning uri
"""
SET_DISABLED = "update resources set disabled_at = %(disabled_at)s where uri = %(uri)s returning uri"


@frozen
class Resource:
    """A resource server's name, the scopes that mean something there, and the form and lifetime (seconds) of its tokens."""

    uri: str
    scopes: frozenset[str]
    token_format: str
    lifetime: int
    client_id: str | None
    created_at: datetime
    disabled_at: datetime | None
    signing_alg: str  # of JWTs

    @property
    def enabled(self) -> bool:
        """Are there tokens for it?"""
        return self.disabled_at is None


class Resources:
    """The table of resources, kept in memory as a whole."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._memory: Memory[None, dict[str, Resource]] = Memory(clock, self._read)

    async def by_uri(self) -> dict[str, Resource]:
        """Every resource, in the order of creation."""
        return await self._memory.get(None) or {}

    def forget(self) -> None:
        """Somebody changed a resource: read again."""
        self._memory.forget()

    async def create(
        self,
        uri: str,
        *,
        scopes: Sequence[str],
        token_format: str,
        lifetime: int,
        client_id: str | None,
        now: datetime,
        signing_alg: str = "ES256",
    ) -> bool:
        """Add a resource; False if there is one of this name."""
        rows = await self._database.query(
            CREATE,
            {
                "uri": uri,
                "scopes": list(scopes),
                "token_format": token_format,
                "signing_alg": signing_alg,
                "lifetime": lifetime,
                "client_id": client_id,
                "now": now,
            },
        )
        self.forget()
        return bool(rows)

    async def set_disabled(self, uri: str, disabled_at: datetime | None) -> bool:
        """Let the tokens for a resource rest, or (None) live again; False if there is no such resource."""
        rows = await self._database.query(SET_DISABLED, {"uri": uri, "disabled_at": disabled_at})
        self.forget()
        return bool(rows)

    async def delete(self, uri: str) -> bool:
        """Remove a resource, and with it all tokens for it; False if there is no such resource."""
        rows = await self._database.query("delete from resources where uri = %s returning uri", (uri,))
        self.forget()
        return bool(rows)

    async def _read(self, _: None) -> dict[str, Resource]:
        rows = await self._database.query(ALL)
        return {uri: Resource(uri, frozenset(scopes), *others) for uri, scopes, *others in rows}
