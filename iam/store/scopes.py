"""Scopes: their names, and the sentence for each that people read (RFC 6749 §3.3)."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from iam.clock import Clock
from iam.database.database import Database
from iam.database.memory import Memory
from iam.records.actor import By
from iam.records.scope import ADMINISTRATIVE, BUILT_IN, Scope

CREATE = """
with created as (
    insert into scopes (name, description, created_at, claims, restricted, acr, derived)
    values (%(name)s, %(description)s, %(now)s, %(claims)s, %(restricted)s, %(acr)s, %(derived)s)
    on conflict do nothing
    returning name, audited('scope.created', %(now)s, %(actor)s, %(address)s, detail => jsonb_build_object(
        'name', name, 'description', description, 'claims', claims, 'restricted', restricted, 'acr', acr,
        'derived', derived))
)
select name from created
"""
# Grants go on without the scope. Consents forget it at resources, and personal and service tokens lose it: a scope that
# is created under the same name later means something else, so that people are asked again.
DELETE = """
with gone as (
    delete from scopes where name = %(name)s and name <> all (%(kept)s)
    returning name, audited('scope.deleted', %(now)s, %(actor)s, %(address)s, detail => jsonb_build_object(
        'name', name, 'clients', (select count(*) from clients c where scopes.name = any (c.scopes))))
), forgotten as (
    update consents k set resources = (
        select coalesce(jsonb_object_agg(e.uri, e.names - gone.name), '{}') from jsonb_each(k.resources) e (uri, names)
    )
    from gone where gone.name = any (k.scopes)
), narrowed as (
    update grants g set scope = array_to_string(array_remove(string_to_array(g.scope, ' '), gone.name), ' ')
    from personal_tokens t, gone where g.id = t.grant_id and gone.name = any (string_to_array(g.scope, ' '))
), withdrawn as (
    update clients set scopes = array_remove(scopes, %(name)s)
    where %(name)s = any(scopes) and exists (select from gone)
), unoffered as (
    update registration_tokens set scopes = array_remove(scopes, %(name)s)
    where %(name)s = any(scopes) and exists (select from gone)
)
select name from gone
"""
READ = """
select s.name, s.description, s.claims, s.restricted, s.acr, s.derived,
    exists (select from scope_groups r where r.scope = s.name), s.created_at
from scopes s order by s.created_at, s.name
"""


class Scopes:
    """The table of scopes, kept in memory as a whole."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._memory: Memory[None, Mapping[str, Scope]] = Memory(clock, self._read, database.heard)

    async def all(self) -> tuple[Scope, ...]:
        """Returns every scope, in the order of creation; those of our administration, which are no rows, come last."""
        return tuple((await self.by_name()).values())

    async def by_name(self) -> Mapping[str, Scope]:
        """Returns every scope by its name."""
        return self._memory.fresh(None) or await self._memory.get(None) or {}

    async def shown(self) -> tuple[Scope, ...]:
        """Returns every scope, as known last if the database does not answer: for metadata alone."""
        return tuple((await self._memory.shown(None) or {}).values())

    def forget(self) -> None:
        """Drops the scopes from memory: one may have changed."""
        self._memory.forget()

    async def create(
        self,
        name: str,
        description: str,
        now: datetime,
        claims: Sequence[str] = (),
        *,
        by: By,
        restricted: bool = False,
        acr: str | None = None,
        derived: bool = False,
    ) -> bool:
        """Adds a scope. Returns False if the name is taken."""
        told = {
            "name": name,
            "description": description,
            "claims": list(claims),
            "restricted": restricted,
            "acr": acr,
            "derived": derived,
            "now": now,
            **by.columns,
        }
        rows = await self._database.query(CREATE, told)
        self.forget()
        return bool(rows)

    async def delete(self, name: str, now: datetime, by: By) -> bool:
        """Deletes a scope, also from the clients that may use it and from the initial access tokens that offer it.

        Returns False if there is none of this name, or if it is BUILT_IN.
        """
        told = {"name": name, "kept": list(BUILT_IN), "now": now, **by.columns}
        rows = await self._database.query(DELETE, told)
        self.forget()
        return bool(rows)

    async def _read(self, _: None) -> Mapping[str, Scope]:
        rows = await self._database.query(READ)
        made = {name: Scope(name, description, tuple(claims), *more) for name, description, claims, *more in rows}
        return made | ADMINISTRATIVE
