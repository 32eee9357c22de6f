"""Resources: what access tokens are for, and what those tokens are like there (RFC 8707)."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from attrs import field, frozen

from iam.clock import Clock
from iam.database.database import Database
from iam.database.memory import Memory
from iam.equivalence import normal
from iam.records.actor import By
from iam.records.resource import ADMINISTERED, Resource

ALL = """
select uri, scopes, token_format, lifetime, client_id, created_at, disabled_at, signing_alg, clients, allowed_clients,
    nullif(clients_since, '-infinity')
from resources order by created_at, uri
"""
CREATE = """
with created as (
    insert into resources (uri, normal, scopes, token_format, signing_alg, lifetime, client_id, clients, allowed_clients,
        created_at)
    values (%(uri)s, %(normal)s, %(scopes)s, %(token_format)s, %(signing_alg)s, %(lifetime)s, %(client_id)s, %(clients)s,
        %(allowed_clients)s, %(now)s)
    on conflict do nothing
    returning uri, audited('resource.created', %(now)s, %(actor)s, %(address)s, client => client_id,
        detail => jsonb_strip_nulls(
            to_jsonb(resources) - '{client_id,created_at,disabled_at,normal,clients_since}'::text[]
        ))
)
select uri from created
"""
# Those of before this was written down; of two that are equivalent, the older one has it.
WRITE_NORMAL = """
update resources r set normal = i.normal
from unnest(%(uri)s::text[], %(normal)s::text[]) as i (uri, normal)
where r.uri = i.uri and r.normal is null and not exists (select from resources o where o.normal = i.normal)
"""
UPDATE = """
with before as materialized (
    select * from resources where uri = %(uri)s
), changed as (
    update resources r set scopes = %(scopes)s, token_format = %(token_format)s, signing_alg = %(signing_alg)s,
        lifetime = %(lifetime)s, client_id = %(client_id)s, clients = %(clients)s, allowed_clients = %(allowed_clients)s,
        clients_since = case when %(judged)s then '-infinity' else r.clients_since end
    from before b where r.uri = b.uri
    returning r.uri, case when changes(to_jsonb(b), to_jsonb(r)) is not null then
        audited('resource.changed', %(now)s, %(actor)s, %(address)s, client => r.client_id,
            detail => jsonb_build_object('uri', r.uri) || changes(to_jsonb(b), to_jsonb(r))) end
)
select uri from changed
"""

# Where it is so already, nothing changes, and nothing is written down.
SET_DISABLED = """
with changed as (
    update resources set disabled_at = %(disabled_at)s
    where uri = %(uri)s and (disabled_at is null) <> (%(disabled_at)s::timestamptz is null)
    returning audited(case when disabled_at is null then 'resource.enabled' else 'resource.disabled' end,
        %(now)s, %(actor)s, %(address)s, client => client_id, detail => jsonb_build_object('uri', uri))
)
select uri from resources where uri = %(uri)s
"""
# What people allowed there goes too, and with it what was granted for it (may_live): a resource that is made under the same URI
# later is another one.
DELETE = """
with deleted as (
    delete from resources where uri = %(uri)s
    returning uri, audited('resource.deleted', %(now)s, %(actor)s, %(address)s, client => client_id,
        detail => jsonb_build_object('uri', uri))
), withdrawn as (
    update consents k set resources = k.resources - d.uri from deleted d where k.resources ? d.uri
)
select uri from deleted
"""


@frozen
class Known:
    """All resources, by the URIs that they are registered under, and by those as they are normalised."""

    by_uri: dict[str, Resource] = field(factory=dict)
    by_normal: dict[str, Resource] = field(factory=dict)

    @classmethod
    def of(cls, resources: Sequence[Resource]) -> "Known":
        """These resources; of equivalent ones the oldest is meant."""
        by_normal: dict[str, Resource] = {}
        for resource in resources:
            by_normal.setdefault(normal(resource.uri), resource)
        return cls({resource.uri: resource for resource in resources}, by_normal)


class Resources:
    """The table of resources, kept in memory as a whole."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._memory: Memory[None, Known] = Memory(clock, self._read)

    async def by_uri(self) -> dict[str, Resource]:
        """Every resource, in the order of creation."""
        return (await self._known()).by_uri

    async def find(self, uri: str) -> Resource | None:
        """The resource that is meant by this URI: the one registered so, or under an equivalent (RFC 3986 §6.2)."""
        known = await self._known()
        return known.by_uri.get(uri) or known.by_normal.get(normal(uri))

    async def _known(self) -> Known:
        return await self._memory.get(None) or Known()

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
        clients: str = ADMINISTERED,
        allowed_clients: Iterable[str] = (),
        by: By,
    ) -> bool:
        """Add a resource; False if there is one of this name, or an equivalent one."""
        await self._write_normal()
        rows = await self._database.query(
            CREATE,
            {
                "uri": uri,
                "normal": normal(uri),
                "scopes": list(scopes),
                "token_format": token_format,
                "signing_alg": signing_alg,
                "lifetime": lifetime,
                "client_id": client_id,
                "clients": clients,
                "allowed_clients": sorted(allowed_clients),
                "now": now,
                **by.columns,
            },
        )
        self.forget()
        return bool(rows)

    async def update(self, resource: Resource, now: datetime, by: By) -> bool:
        """Let a resource be as it is here, but for when it was made and disabled; False if there is none of this very URI."""
        rows = await self._database.query(
            UPDATE,
            {
                "uri": resource.uri,
                "scopes": sorted(resource.scopes),
                "token_format": resource.token_format,
                "signing_alg": resource.signing_alg,
                "lifetime": resource.lifetime,
                "client_id": resource.client_id,
                "clients": resource.clients,
                "allowed_clients": sorted(resource.allowed_clients),
                "judged": resource.clients_since is None,
                "now": now,
                **by.columns,
            },
        )
        self.forget()
        return bool(rows)

    async def set_disabled(self, uri: str, disabled_at: datetime | None, now: datetime, by: By) -> bool:
        """Let the tokens for a resource rest, or (None) live again; False if there is no such resource."""
        told = {"uri": await self._spelled(uri), "disabled_at": disabled_at, "now": now, **by.columns}
        rows = await self._database.query(SET_DISABLED, told)
        self.forget()
        return bool(rows)

    async def delete(self, uri: str, now: datetime, by: By) -> bool:
        """Remove a resource, and with it all tokens for it; False if there is no such resource."""
        rows = await self._database.query(DELETE, {"uri": await self._spelled(uri), "now": now, **by.columns})
        self.forget()
        return bool(rows)

    async def _spelled(self, uri: str) -> str:
        """The URI under which the resource is registered that is meant by this one."""
        resource = await self.find(uri)
        return resource.uri if resource else uri

    async def _write_normal(self) -> None:
        meant = (await self._known()).by_normal
        uris = [resource.uri for resource in meant.values()]
        await self._database.query(WRITE_NORMAL, {"uri": uris, "normal": list(meant)})

    async def _read(self, _: None) -> Known:
        return Known.of([from_row(row) for row in await self._database.query(ALL)])


def from_row(row: Sequence[Any]) -> Resource:
    """A resource out of ALL's columns."""
    uri, scopes, *others, clients, allowed_clients, since = row
    told: Any = (*others, clients, frozenset(allowed_clients), since)
    return Resource(uri, frozenset(scopes), *told)
