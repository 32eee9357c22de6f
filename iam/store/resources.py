"""Resources: what access tokens are for, and the properties of those tokens (RFC 8707)."""

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
# Fills in the normalised URI of resources that have none yet; of two that are equivalent, the older one gets it.
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

# If the resource is in that state already, nothing changes, and the audit log gets no event.
SET_DISABLED = """
with changed as (
    update resources set disabled_at = %(disabled_at)s
    where uri = %(uri)s and (disabled_at is null) <> (%(disabled_at)s::timestamptz is null)
    returning audited(case when disabled_at is null then 'resource.enabled' else 'resource.disabled' end,
        %(now)s, %(actor)s, %(address)s, client => client_id, detail => jsonb_build_object('uri', uri))
)
select uri from resources where uri = %(uri)s
"""
# What people allowed there is deleted too, and so what was granted for it becomes invalid (may_live), and personal and
# service tokens for it end: a resource that is created under the same URI later is another one.
DELETE = """
with deleted as (
    delete from resources where uri = %(uri)s
    returning uri, audited('resource.deleted', %(now)s, %(actor)s, %(address)s, client => client_id,
        detail => jsonb_build_object('uri', uri))
), withdrawn as (
    update consents k set resources = k.resources - d.uri from deleted d where k.resources ? d.uri
), ended as (
    update grants g set revoked_at = %(now)s from personal_tokens t, deleted d
    where g.id = t.grant_id and d.uri = any (g.resources) and g.revoked_at is null
)
select uri from deleted
"""


@frozen
class Known:
    """All resources, by the URIs under which they are registered, and by those URIs in normalised form."""

    by_uri: dict[str, Resource] = field(factory=dict)
    by_normal: dict[str, Resource] = field(factory=dict)

    @classmethod
    def of(cls, resources: Sequence[Resource]) -> "Known":
        """Indexes these resources; of equivalent ones the oldest is found."""
        by_normal: dict[str, Resource] = {}
        for resource in resources:
            by_normal.setdefault(normal(resource.uri), resource)
        return cls({resource.uri: resource for resource in resources}, by_normal)


class Resources:
    """The table of resources, kept in memory as a whole."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._memory: Memory[None, Known] = Memory(clock, self._read, database.heard)

    async def by_uri(self) -> dict[str, Resource]:
        """Returns every resource by its URI, in the order of creation."""
        return (await self._known()).by_uri

    async def find(self, uri: str) -> Resource | None:
        """Returns the resource registered under this URI, or else under an equivalent one (RFC 3986 §6.2), or None."""
        known = await self._known()
        return known.by_uri.get(uri) or known.by_normal.get(normal(uri))

    async def _known(self) -> Known:
        return await self._memory.get(None) or Known()

    def forget(self) -> None:
        """Drops the resources from memory: one may have changed."""
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
        """Adds a resource; `lifetime` is in seconds. Returns False if this URI or an equivalent one is registered."""
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
        """Replaces a resource, except for the times when it was created and disabled.

        Returns False if there is none of exactly this URI.
        """
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
        """Suspends the tokens for a resource, or lets them be valid again (None).

        Returns False if there is no such resource.
        """
        told = {"uri": await self._spelled(uri), "disabled_at": disabled_at, "now": now, **by.columns}
        rows = await self._database.query(SET_DISABLED, told)
        self.forget()
        return bool(rows)

    async def delete(self, uri: str, now: datetime, by: By) -> bool:
        """Deletes a resource, and with it all tokens for it. Returns False if there is no such resource."""
        rows = await self._database.query(DELETE, {"uri": await self._spelled(uri), "now": now, **by.columns})
        self.forget()
        return bool(rows)

    async def _spelled(self, uri: str) -> str:
        """Returns the URI under which the resource that this URI means is registered."""
        resource = await self.find(uri)
        return resource.uri if resource else uri

    async def _write_normal(self) -> None:
        meant = (await self._known()).by_normal
        uris = [resource.uri for resource in meant.values()]
        await self._database.query(WRITE_NORMAL, {"uri": uris, "normal": list(meant)})

    async def _read(self, _: None) -> Known:
        return Known.of([from_row(row) for row in await self._database.query(ALL)])


def from_row(row: Sequence[Any]) -> Resource:
    """Builds a resource from a row of ALL."""
    uri, scopes, *others, clients, allowed_clients, since = row
    told: Any = (*others, clients, frozenset(allowed_clients), since)
    return Resource(uri, frozenset(scopes), *told)
