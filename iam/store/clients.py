"""Clients: what RFC 7591 calls client metadata, kept in memory between changes."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from uuid import UUID

from attrs import frozen

from iam.clock import Clock
from iam.store.audit import SERVER, By
from iam.store.database import Database
from iam.store.errors import Unavailable
from iam.store.memory import Memory
from iam.store.origins import origins

SELECT = """
select c.id, c.name, c.owner_id, coalesce(nullif(u.name, ''), u.username), c.grant_id, c.auth_method,
    c.grant_types, c.redirect_uris, c.post_logout_redirect_uris, c.scopes, c.require_pkce, c.introspect_any,
    c.created_at, c.updated_at, c.disabled_at,
    coalesce((select array_agg(s.digest order by s.created_at) from client_secrets s
              where s.client_id = c.id and (s.expires_at is null or s.expires_at > %(now)s)), '{}')
from clients c left join users u on u.id = c.owner_id
where (%(id)s::text is null or c.id = %(id)s) and (%(owner_id)s::uuid is null or c.owner_id = %(owner_id)s)
order by c.created_at, c.id
"""

REDIRECT_URIS = "select distinct unnest(redirect_uris) from clients where disabled_at is null"

# The client's own grant (for client_credentials) is born with it.
CREATE = """
with created as (
    insert into clients (id, name, owner_id, grant_id, auth_method, grant_types, redirect_uris,
        post_logout_redirect_uris, scopes, require_pkce, introspect_any, created_at, updated_at)
    values (%(id)s, %(name)s, %(owner_id)s, %(grant_id)s, %(auth_method)s, %(grant_types)s, %(redirect_uris)s,
        %(post_logout_redirect_uris)s, %(scopes)s, %(require_pkce)s, %(introspect_any)s, %(now)s, %(now)s)
    on conflict (id) do nothing
    returning id, name, redirect_uris
), own as (
    insert into grants (id, client_id, grant_type, scope, created_at)
    select %(grant_id)s, created.id, 'client_credentials', %(scope)s, %(now)s from created
), secret as (
    insert into client_secrets (id, client_id, digest, created_at)
    select %(secret_id)s, created.id, %(secret_digest)s, %(now)s from created where %(secret_digest)s::bytea is not null
), audited as (
    insert into audit_events (day, at, kind, actor, subject, client, address, detail)
    select audit_day(%(now)s), %(now)s, 'client.created', %(actor)s, %(owner_id)s::text, id, %(address)s::inet,
        jsonb_build_object('name', name, 'redirect_uris', redirect_uris)
    from created
)
select id from created
"""

# What changed is written down with what it was and became: metadata are no secrets.
UPDATE = """
with before as materialized (
    select * from clients where id = %(id)s
), changed as (
    update clients set name = %(name)s, auth_method = %(auth_method)s, grant_types = %(grant_types)s,
        redirect_uris = %(redirect_uris)s, post_logout_redirect_uris = %(post_logout_redirect_uris)s, scopes = %(scopes)s,
        require_pkce = %(require_pkce)s, introspect_any = %(introspect_any)s, updated_at = %(now)s
    where id = %(id)s
    returning *
), audited as (
    insert into audit_events (day, at, kind, actor, subject, client, address, detail)
    select audit_day(%(now)s), %(now)s, 'client.changed', %(actor)s, null, c.id, %(address)s::inet, coalesce((
            select jsonb_object_agg(n.key, jsonb_build_array(o.value, n.value))
            from jsonb_each(to_jsonb(c)) n join jsonb_each(to_jsonb(b)) o using (key)
            where n.value <> o.value and n.key <> 'updated_at'
        ), '{}')
    from changed c join before b using (id)
)
select id from changed
"""

# The new secret is the only one from now on.
REPLACE_SECRET = """
with old as (
    delete from client_secrets where client_id = %(id)s
), replaced as (
    insert into client_secrets (id, client_id, digest, created_at)
    select %(secret_id)s, c.id, %(secret_digest)s, %(now)s from clients c where c.id = %(id)s and c.auth_method <> 'none'
    returning id, client_id
), audited as (
    insert into audit_events (day, at, kind, actor, subject, client, address, detail)
    select audit_day(%(now)s), %(now)s, 'client.secret_rotated', %(actor)s, null, client_id, %(address)s::inet, '{}'
    from replaced
)
select id from replaced
"""

DELETE = """
with ended as (
    update grants set revoked_at = %(now)s where client_id = %(id)s and revoked_at is null returning id
), deleted as (
    delete from clients where id = %(id)s returning id, name
), audited as (
    insert into audit_events (day, at, kind, actor, subject, client, address, detail)
    select audit_day(%(now)s), %(now)s, 'client.deleted', %(actor)s, null, id, %(address)s::inet,
        jsonb_build_object('name', name, 'grants_ended', (select count(*) from ended))
    from deleted
)
select id from deleted
"""


@frozen
class Client:
    """A registered client (RFC 6749 §2); `secrets` are the SHA-256 digests of those that are good."""

    id: str
    name: str
    owner_id: UUID | None
    owner: str | None
    grant_id: UUID
    auth_method: str
    grant_types: tuple[str, ...]
    redirect_uris: tuple[str, ...]
    post_logout_redirect_uris: tuple[str, ...]
    scopes: tuple[str, ...]
    require_pkce: bool
    introspect_any: bool
    created_at: datetime
    updated_at: datetime
    disabled_at: datetime | None
    secrets: tuple[bytes, ...] = ()

    @property
    def client_id(self) -> str:
        """The name that oauthlib and the RFCs use."""
        return self.id

    @property
    def confidential(self) -> bool:
        """RFC 6749 §2.1: can it keep a secret?"""
        return self.auth_method != "none"

    @property
    def enabled(self) -> bool:
        """May it take part at all?"""
        return self.disabled_at is None


@frozen
class Metadata:
    """What may be set on a client, by its owner or at registration (RFC 7591 §2)."""

    name: str
    auth_method: str
    grant_types: tuple[str, ...]
    redirect_uris: tuple[str, ...]
    scopes: tuple[str, ...]
    post_logout_redirect_uris: tuple[str, ...] = ()
    require_pkce: bool = False
    introspect_any: bool = False


class Clients:
    """The table of clients, with those recently used in memory."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._memory: Memory[str, Client] = Memory(clock, self.read)
        self._origins: Memory[None, frozenset[str]] = Memory(clock, self._read_origins)
        self._last_origins: frozenset[str] = frozenset()

    async def by_id(self, client_id: str) -> Client | None:
        """The client registered under `client_id`, as it was at most a few seconds ago (H46)."""
        return await self._memory.get(client_id)

    def forget(self) -> None:
        """Somebody changed a client: read again."""
        self._memory.forget()
        self._origins.forget()

    async def live_at(self, origin: str) -> bool:
        """Has a client registered a redirect URI of this origin? While the database is away, what it said last counts."""
        with suppress(Unavailable):
            self._last_origins = await self._origins.get(None) or frozenset()
        return origin in self._last_origins

    async def read(self, client_id: str) -> Client | None:
        """The client as the database has it now."""
        found = await self._select(client_id=client_id)
        return found[0] if found else None

    async def all(self) -> list[Client]:
        """Every client, oldest first."""
        return await self._select()

    async def owned_by(self, owner_id: UUID) -> list[Client]:
        """The clients that this person registered, oldest first."""
        return await self._select(owner_id=owner_id)

    async def create(
        self,
        client_id: str,
        metadata: Metadata,
        *,
        owner_id: UUID | None,
        grant_id: UUID,
        secret_id: UUID,
        secret_digest: bytes | None,
        now: datetime,
        by: By = SERVER,
    ) -> bool:
        """Register a client, with its first secret where it has one; False if this id is registered already."""
        rows = await self._database.query(
            CREATE,
            {
                **columns(metadata),
                "id": client_id,
                "owner_id": owner_id,
                "grant_id": grant_id,
                "scope": " ".join(metadata.scopes),
                "secret_id": secret_id,
                "secret_digest": secret_digest,
                "now": now,
                **by.columns,
            },
        )
        self.forget()
        return bool(rows)

    async def update(self, client_id: str, metadata: Metadata, now: datetime, by: By = SERVER) -> bool:
        """Replace the client's metadata; False if there is no such client."""
        rows = await self._database.query(UPDATE, {**columns(metadata), "id": client_id, "now": now, **by.columns})
        self.forget()
        return bool(rows)

    async def replace_secret(
        self, client_id: str, secret_id: UUID, secret_digest: bytes, now: datetime, by: By = SERVER
    ) -> bool:
        """Make this the client's one secret; False if there is no such client, or it is public."""
        rows = await self._database.query(
            REPLACE_SECRET,
            {"id": client_id, "secret_id": secret_id, "secret_digest": secret_digest, "now": now, **by.columns},
        )
        self.forget()
        return bool(rows)

    async def delete(self, client_id: str, now: datetime, by: By = SERVER) -> bool:
        """Remove the client and end all it was granted; False if there is no such client."""
        rows = await self._database.query(DELETE, {"id": client_id, "now": now, **by.columns})
        self.forget()
        return bool(rows)

    async def _read_origins(self, _: None) -> frozenset[str]:
        return origins(uri for (uri,) in await self._database.query(REDIRECT_URIS))

    async def _select(self, *, client_id: str | None = None, owner_id: UUID | None = None) -> list[Client]:
        rows = await self._database.query(SELECT, {"id": client_id, "owner_id": owner_id, "now": self._clock.now()})
        return [from_row(row) for row in rows]


def columns(metadata: Metadata) -> dict[str, object]:
    """The metadata as parameters of a statement."""
    return {
        "name": metadata.name,
        "auth_method": metadata.auth_method,
        "grant_types": list(metadata.grant_types),
        "redirect_uris": list(metadata.redirect_uris),
        "post_logout_redirect_uris": list(metadata.post_logout_redirect_uris),
        "scopes": list(metadata.scopes),
        "require_pkce": metadata.require_pkce,
        "introspect_any": metadata.introspect_any,
    }


def from_row(row: Sequence[object]) -> Client:
    """A client out of SELECT's columns: arrays become tuples, digests bytes."""
    fields = [tuple(field) if isinstance(field, list) else field for field in row[:-1]]
    secrets: list[bytes] = list(row[-1])  # type: ignore[call-overload]
    return Client(*fields, secrets=tuple(map(bytes, secrets)))  # type: ignore[arg-type, misc]
