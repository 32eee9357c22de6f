"""Resources: what access tokens are for, and what those tokens are like there (RFC 8707)."""

from collections.abc import Sequence
from datetime import datetime

from attrs import frozen

from iam.clock import Clock
from iam.store.audit import By
from iam.store.database import Database
from iam.store.memory import Memory

ALL = """
select uri, scopes, token_format, lifetime, client_id, created_at, disabled_at, signing_alg from resources order by created_at, uri
"""
CREATE = """
with created as (
    insert into resources (uri, scopes, token_format, signing_alg, lifetime, client_id, created_at)
    values (%(uri)s, %(scopes)s, %(token_format)s, %(signing_alg)s, %(lifetime)s, %(client_id)s, %(now)s)
    on conflict do nothing
    returning *
), audited as (
    insert into audit_events (day, at, kind, actor, client, address, detail)
    select audit_day(%(now)s), %(now)s, 'resource.created', %(actor)s, client_id, %(address)s::inet,
        jsonb_strip_nulls(to_jsonb(c) - '{client_id,created_at,disabled_at}'::text[])
    from created c
)
select uri from created
"""

# Where it is so already, nothing changes, and nothing is written down.
SET_DISABLED = """
with changed as (
    update resources set disabled_at = %(disabled_at)s
    where uri = %(uri)s and (disabled_at is null) <> (%(disabled_at)s::timestamptz is null)
    returning uri, client_id, disabled_at
), audited as (
    insert into audit_events (day, at, kind, actor, client, address, detail)
    select audit_day(%(now)s), %(now)s, case when disabled_at is null then 'resource.enabled' else 'resource.disabled' end,
        %(actor)s, client_id, %(address)s::inet, jsonb_build_object('uri', uri)
    from changed
)
select uri from resources where uri = %(uri)s
"""
DELETE = """
with deleted as (
    delete from resources where uri = %(uri)s returning uri, client_id
), audited as (
    insert into audit_events (day, at, kind, actor, client, address, detail)
    select audit_day(%(now)s), %(now)s, 'resource.deleted', %(actor)s, client_id, %(address)s::inet,
        jsonb_build_object('uri', uri)
    from deleted
)
select uri from deleted
"""


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
        by: By,
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
                **by.columns,
            },
        )
        self.forget()
        return bool(rows)

    async def set_disabled(self, uri: str, disabled_at: datetime | None, now: datetime, by: By) -> bool:
        """Let the tokens for a resource rest, or (None) live again; False if there is no such resource."""
        told = {"uri": uri, "disabled_at": disabled_at, "now": now, **by.columns}
        rows = await self._database.query(SET_DISABLED, told)
        self.forget()
        return bool(rows)

    async def delete(self, uri: str, now: datetime, by: By) -> bool:
        """Remove a resource, and with it all tokens for it; False if there is no such resource."""
        rows = await self._database.query(DELETE, {"uri": uri, "now": now, **by.columns})
        self.forget()
        return bool(rows)

    async def _read(self, _: None) -> dict[str, Resource]:
        rows = await self._database.query(ALL)
        return {uri: Resource(uri, frozenset(scopes), *others) for uri, scopes, *others in rows}
