"""The statements on clients."""

from typing import Final

SELECT: Final = """
select c.id, c.name, c.owner_id, coalesce(nullif(u.name, ''), u.username), c.grant_id, c.auth_method,
    c.grant_types, c.redirect_uris, c.post_logout_redirect_uris, c.scopes, c.require_pkce, c.introspect_any, c.allow_http_redirects,
    c.created_at, c.updated_at, c.disabled_at, c.auth_signing_alg, c.jwks, c.jwks_uri,
    c.registration_digest, c.registration_token_id, c.left_out, c.openid, s.ids, s.digests, s.sealed, s.expiries
from clients c left join users u on u.id = c.owner_id, lateral (
    select coalesce(array_agg(s.id order by s.created_at, s.id), '{}') as ids,
        array_agg(s.digest order by s.created_at, s.id) as digests,
        array_agg(s.sealed order by s.created_at, s.id) as sealed,
        array_agg(s.expires_at order by s.created_at, s.id) as expiries
    from client_secrets s
    where s.client_id = c.id and (s.expires_at is null or s.expires_at > %(now)s)
) s
where (%(id)s::text is null or c.id = %(id)s) and (%(owner_id)s::uuid is null or c.owner_id = %(owner_id)s)
order by c.created_at, c.id
"""

NEAREST: Final = "select id from clients where lower(id) = lower(%(id)s) order by id <> %(id)s limit 1"

# Makes the client if `allowed` says so; its own grant (for client_credentials) is born with it.
CREATED: Final = """
created as (
    insert into clients (id, name, owner_id, grant_id, auth_method, grant_types, redirect_uris,
        post_logout_redirect_uris, scopes, require_pkce, introspect_any, allow_http_redirects, auth_signing_alg, jwks, jwks_uri,
        openid, registration_digest, registration_token_id, left_out, created_at, updated_at)
    select %(id)s, %(name)s, %(owner_id)s, %(grant_id)s, %(auth_method)s, %(grant_types)s, %(redirect_uris)s,
        %(post_logout_redirect_uris)s, %(scopes)s, %(require_pkce)s, %(introspect_any)s, %(allow_http_redirects)s,
        %(token_endpoint_auth_signing_alg)s, %(jwks)s, %(jwks_uri)s, %(openid)s,
        %(registration_digest)s, %(registration_token_id)s, %(left_out)s, %(now)s, %(now)s
    from allowed
    on conflict (id) do nothing
    returning id, name, redirect_uris
), own as (
    insert into grants (id, client_id, grant_type, scope, created_at)
    select %(grant_id)s, created.id, 'client_credentials', %(scope)s, %(now)s from created
), secret as (
    insert into client_secrets (id, client_id, digest, sealed, created_at)
    select %(secret_id)s, created.id, %(secret_digest)s, %(secret_sealed)s, %(now)s
    from created where %(secret_digest)s::bytea is not null
), audited as (
    insert into audit_events (day, at, kind, actor, subject, client, address, detail)
    select audit_day(%(now)s), %(now)s, 'client.created', %(actor)s, %(owner_id)s::text, id, %(address)s::inet,
        jsonb_build_object('name', name, 'redirect_uris', redirect_uris)
    from created
)
select id from created
"""
CREATE: Final = "with allowed as (select where may_own_another(%(owner_id)s, %(most)s))," + CREATED

# Where nothing changes, nothing is written, nobody is told, and nothing stands in the audit log: the table's own trigger
# sees to that, whichever columns there are (migration 0013). What changed is written down with what it was and became:
# metadata are no secrets. A client that changes how it proves itself loses the secrets that are of no use to it any more:
# all of them where it has none now or gets a new one, and else those that we could read.
UPDATE: Final = """
with before as materialized (
    select * from clients where id = %(id)s and (%(seen)s::timestamptz is null or updated_at = %(seen)s) for update
), changed as (
    update clients set name = %(name)s, auth_method = %(auth_method)s, grant_types = %(grant_types)s,
        redirect_uris = %(redirect_uris)s, post_logout_redirect_uris = %(post_logout_redirect_uris)s,
        scopes = %(scopes)s, require_pkce = %(require_pkce)s, introspect_any = %(introspect_any)s,
        allow_http_redirects = %(allow_http_redirects)s,
        auth_signing_alg = %(token_endpoint_auth_signing_alg)s, jwks = %(jwks)s, jwks_uri = %(jwks_uri)s, openid = %(openid)s,
        left_out = %(left_out)s,
        updated_at = %(now)s
    from before b where clients.id = b.id
    returning clients.*
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
    returning client_id
), audited as (
    insert into audit_events (day, at, kind, actor, subject, client, address, detail)
    select audit_day(%(now)s), %(now)s, 'client.changed', %(actor)s, null, c.id, %(address)s::inet, coalesce((
            select jsonb_object_agg(n.key, jsonb_build_array(o.value, n.value))
            from jsonb_each(to_jsonb(c)) n join jsonb_each(to_jsonb(b)) o using (key)
            where n.value <> o.value and n.key <> 'updated_at'
        ), '{}')
    from changed c join before b using (id)
    union all
    select audit_day(%(now)s), %(now)s, 'client.secret_rotated', %(actor)s, null, client_id, %(address)s::inet, '{}'
    from secret
)
select id from before
"""

ROTATE_SECRET: Final = """
with rotated as materialized (
    select rotate_client_secret(%(id)s, %(auth_method)s, %(secret_id)s, %(secret_digest)s, %(secret_sealed)s,
        %(now)s, %(until)s) as done
), audited as (
    insert into audit_events (day, at, kind, actor, subject, client, address, detail)
    select audit_day(%(now)s), %(now)s, 'client.secret_rotated', %(actor)s, null, %(id)s, %(address)s::inet, '{}'
    from rotated where done
)
select done from rotated
"""

# Who disabled a client: its owner must not enable it again where that was an administrator.
DISABLED_BY: Final = """
select actor from audit_events where client = %(id)s and kind = 'client.disabled' order by at desc, n desc limit 1
"""

# Who is disabled loses what it was given before, for good: its epoch moves in the same statement, and again when it is enabled,
# for what was under way when it was disabled.
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
    returning id
), audited as (
    insert into audit_events (day, at, kind, actor, subject, client, address, detail)
    select audit_day(%(now)s), %(now)s, case when %(disabled)s then 'client.disabled' else 'client.enabled' end,
        %(actor)s, null, id, %(address)s::inet, '{}'
    from changed
)
select id from clients where id = %(id)s
"""

DELETE: Final = """
with ended as (
    update grants set revoked_at = %(now)s where client_id = %(id)s and revoked_at is null returning id
), forgotten as (
    delete from client_uses where client_id = %(id)s
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
