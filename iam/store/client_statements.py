"""The SQL statements about clients."""

from datetime import datetime
from typing import Final

from attrs import frozen

from iam.database.inputs import fit

COLUMNS: Final = """
c.id, c.name, c.owner_id, coalesce(nullif(u.name, ''), u.username), c.grant_id, c.auth_method, c.grant_types, c.redirect_uris,
    c.scopes, c.created_at, c.updated_at, c.disabled_at, c.registration_digest, c.registration_token_id, c.left_out,
    c.members_only, c.metadata::text, s.ids, s.digests, s.sealed, s.expiries
"""

# Of each client the secrets that have not expired, oldest first.
SECRETS: Final = """
lateral (
    select coalesce(array_agg(s.id order by s.created_at, s.id), '{}') as ids,
        array_agg(s.digest order by s.created_at, s.id) as digests,
        array_agg(s.sealed order by s.created_at, s.id) as sealed,
        array_agg(s.expires_at order by s.created_at, s.id) as expiries
    from client_secrets s
    where s.client_id = c.id and (s.expires_at is null or s.expires_at > {now})
) s
"""


@frozen
class FindClient:
    """The look-up of a client: its id, and the moment at which its secrets must not have expired."""

    id: str
    now: datetime


FIND: Final = fit(
    FindClient,
    """
select i.n, {columns}
from {input} join clients c on c.id = i.id left join users u on u.id = c.owner_id, {secrets}
""",
    columns=COLUMNS,
    secrets=SECRETS.replace("{now}", "i.now"),
)

SELECT: Final = (
    (
        """
select {columns} from clients c left join users u on u.id = c.owner_id, {secrets}
where %(owner_id)s::uuid is null or c.owner_id = %(owner_id)s
order by c.created_at, c.id
"""
    )
    .replace("{columns}", COLUMNS)
    .replace("{secrets}", SECRETS.replace("{now}", "%(now)s"))
)

WANTED: Final = """
    and lower(c.name) collate "C" >= %(prefix)s and lower(c.name) collate "C" < %(beyond)s
    and (%(owner_id)s::uuid is null or c.owner_id = %(owner_id)s)
    and (%(registered_itself)s::boolean is null or (c.registration_digest is not null) = %(registered_itself)s)
    and (%(disabled)s::boolean is null or (c.disabled_at is not null) = %(disabled)s)
"""

# In the order of names, by bytes, so that what begins with a text is one range of an index.
PAGE: Final = (
    (
        """
select {columns} from clients c left join users u on u.id = c.owner_id, {secrets}
where (lower(c.name) collate "C", c.id collate "C") > (%(name)s, %(id)s) {wanted}
order by lower(c.name) collate "C", c.id collate "C" limit %(limit)s
"""
    )
    .replace("{columns}", COLUMNS)
    .replace("{secrets}", SECRETS.replace("{now}", "%(now)s"))
    .replace("{wanted}", WANTED)
)

# In the order of the last use that was noted: those never used come first. Few have been used since and are left out.
UNUSED: Final = (
    (
        """
select nullif(l.day, '-infinity'), {columns}
from last_uses l join clients c on c.id = l.client_id left join users u on u.id = c.owner_id, {secrets}
where l.day < %(since)s and (l.day, l.client_id) > (coalesce(%(day)s::date, '-infinity'), %(id)s) {wanted}
    and coalesce(last_use(c.id, c.grant_id) < %(since)s, true)
order by l.day, l.client_id limit %(limit)s
"""
    )
    .replace("{columns}", COLUMNS)
    .replace("{secrets}", SECRETS.replace("{now}", "%(now)s"))
    .replace("{wanted}", WANTED)
)

WITH_SCOPE: Final = "select name from clients where scopes @> array[%(scope)s] limit %(limit)s"
NEAREST: Final = "select id from clients where lower(id) = lower(%(id)s) order by id <> %(id)s limit 1"

# Creates the client if `allowed` has a row, and with it the client's own grant (for client_credentials).
MADE: Final = """
created as (
    insert into clients (id, name, owner_id, grant_id, auth_method, grant_types, redirect_uris, scopes, metadata, left_out,
        registration_digest, registration_token_id, created_at, updated_at)
    select %(id)s, %(name)s, %(owner_id)s, %(grant_id)s, %(auth_method)s, %(grant_types)s, %(redirect_uris)s, %(scopes)s,
        %(metadata)s, %(left_out)s, %(registration_digest)s, %(registration_token_id)s, %(now)s, %(now)s
    from allowed
    on conflict (id) do nothing
    returning id, audited('client.created', %(now)s, %(actor)s, %(address)s, subject => owner_id::text, client => id,
        detail => jsonb_build_object('name', name, 'redirect_uris', redirect_uris))
), own as (
    insert into grants (id, client_id, grant_type, scope, created_at)
    select %(grant_id)s, created.id, 'client_credentials', %(scope)s, %(now)s from created
), secret as (
    insert into client_secrets (id, client_id, digest, sealed, created_at)
    select %(secret_id)s, created.id, %(secret_digest)s, %(secret_sealed)s, %(now)s
    from created where %(secret_digest)s::bytea is not null
)
"""
ITS_ID: Final = "select id from created"
CREATED: Final = MADE + ITS_ID
ALLOWED: Final = """
with allowed as (
    select where may_own_another(%(owner_id)s, %(most)s)
),
"""
CREATE: Final = ALLOWED + CREATED

# If nothing changes, nothing is written, no server is told, and the audit log gets no event: the table's own trigger
# ensures that, whichever columns there are (migration 0013). The audit log gets each changed member with its old and
# new value: metadata are no secrets. A client that changes its authentication method loses the secrets that are of no
# use any more: all of them if it now has none or gets a new one, and otherwise the encrypted copies, which only
# client_secret_jwt needs.
CHANGED: Final = """
with before as materialized (
    select * from clients where id = %(id)s and (%(seen)s::timestamptz is null or updated_at = %(seen)s) for update
), changed as (
    update clients c set name = %(name)s, auth_method = %(auth_method)s, grant_types = %(grant_types)s,
        redirect_uris = %(redirect_uris)s, scopes = %(scopes)s, metadata = %(metadata)s, left_out = %(left_out)s, updated_at = %(now)s
    from before b where c.id = b.id
    returning c.id, audited('client.changed', %(now)s, %(actor)s, %(address)s, client => c.id, detail => coalesce(changes(
        (to_jsonb(b) - %(besides)s::text[]) || %(defaults)s || b.metadata,
        (to_jsonb(c) - %(besides)s::text[]) || %(defaults)s || c.metadata), '{}'))
), gone as (
    delete from client_secrets s using changed c
    where s.client_id = c.id and (%(secret_digest)s::bytea is not null or %(secretless)s)
), unsealed as (
    update client_secrets s set sealed = null from changed c
    where s.client_id = c.id and s.sealed is not null and %(secret_digest)s::bytea is null and not %(secretless)s
        and %(auth_method)s <> 'client_secret_jwt'
), secret as (
    insert into client_secrets (id, client_id, digest, sealed, created_at)
    select %(secret_id)s, changed.id, %(secret_digest)s, %(secret_sealed)s, %(now)s
    from changed where %(secret_digest)s::bytea is not null
    returning audited('client.secret_rotated', %(now)s, %(actor)s, %(address)s, client => client_id)
)
"""
OF_BEFORE: Final = "select id from before"
UPDATE: Final = CHANGED + OF_BEFORE

ROTATE_SECRET: Final = """
with rotated as materialized (
    select rotate_client_secret(%(id)s, %(auth_method)s, %(secret_id)s, %(secret_digest)s, %(secret_sealed)s,
        %(now)s, %(until)s) as done
)
select audited('client.secret_rotated', %(now)s, %(actor)s, %(address)s, client => %(id)s) from rotated where done
"""

# What the client was granted, and its secrets, stay; who has it from now on sees that in their activity.
TRANSFER: Final = """
with before as materialized (
    select id, owner_id from clients where id = %(id)s for update
), transferred as (
    update clients c set owner_id = %(owner_id)s, updated_at = %(now)s from before b
    where c.id = b.id and b.owner_id is distinct from %(owner_id)s::uuid
    returning audited('client.transferred', %(now)s, %(actor)s, %(address)s, subject => c.owner_id::text, client => c.id,
        detail => jsonb_build_object('owner', jsonb_build_array(b.owner_id, c.owner_id)))
)
select id from before
"""

# The actor that disabled a client: if it was an administrator, the owner must not enable the client again.
DISABLED_BY: Final = """
select actor from audit_events where client = %(id)s and kind = 'client.disabled' order by at desc, n desc limit 1
"""

# What clients that were `changed` have asked for and nobody has decided about: pushed requests, and those of devices.
FORGOTTEN: Final = """
handles as (
    delete from pushed_requests p using changed where p.client_id = changed.id
), devices as (
    delete from device_codes d using changed where d.client_id = changed.id
)
"""

# A disabled client loses everything it was granted or had asked for before, for good: its epoch moves in the same statement,
# and again when it is enabled, to cover requests that were under way when it was disabled.
SET_DISABLED: Final = """
with told as materialized (
    select actor from audit_events where client = %(id)s and kind = 'client.disabled' order by at desc, n desc limit 1
), changed as (
    update clients set updated_at = %(now)s,
        disabled_at = case when %(disabled)s then %(now)s end,
        not_before = greatest(not_before, %(now)s)
    where id = %(id)s and case
        when %(disabled)s then disabled_at is null or (not %(own)s and (select actor from told) <> %(actor)s)
        else disabled_at is not null and (not %(own)s or (select actor from told) = %(actor)s)
    end
    returning id, audited(case when %(disabled)s then 'client.disabled' else 'client.enabled' end, %(now)s, %(actor)s, %(address)s,
        client => id)
), {forgotten}
select id from clients where id = %(id)s
""".replace("{forgotten}", FORGOTTEN)

DELETE: Final = """
with ended as (
    update grants set revoked_at = %(now)s where client_id = %(id)s and revoked_at is null returning id
), forgotten as (
    delete from client_uses where client_id = %(id)s
), deleted as (
    delete from clients where id = %(id)s
    returning id, audited('client.deleted', %(now)s, %(actor)s, %(address)s, client => id,
        detail => jsonb_build_object('name', name, 'grants_ended', (select count(*) from ended)))
)
select id from deleted
"""
