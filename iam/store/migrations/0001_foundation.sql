-- People, clients, grants and tokens: what the foundation stands on.
--
-- user -> session -> grant -> tokens. A grant is what a person (or a client, for itself) allowed once; codes and tokens
-- point to it, and revoking it ends everything under it. Secrets are kept as SHA-256 digests. Names are unqualified, so
-- that a schema is a tenant. Hot tables have no foreign keys: the check would lock and rewrite the parent's row for each
-- token, and a token whose grant is gone is dead anyway, since every look-up goes through living_grants.

create table users (
    id uuid primary key,
    username text not null,
    username_key text not null unique,  -- NFKC, case folded: `Alice` and `alice` are one person
    email text,
    email_key text unique,
    email_verified boolean not null default false,
    name text not null default '',
    password_hash text,  -- argon2id
    claims jsonb not null default '{}',
    superuser boolean not null default false,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    disabled_at timestamptz
);

create table sessions (
    id uuid primary key,
    digest bytea not null unique,
    user_id uuid not null references users on delete cascade,
    auth_time timestamptz not null,
    seen_at timestamptz not null,
    expires_at timestamptz not null,  -- absolute; how long it may idle is a setting
    remembered boolean not null default false
);
create index sessions_user_id on sessions (user_id);

create table scopes (
    name text primary key,
    description text not null,
    created_at timestamptz not null default now()
);
insert into scopes (name, description) values
    ('read', 'Read your data'),
    ('write', 'Create and change your data');

create table clients (
    id text primary key,
    name text not null,
    owner_id uuid references users on delete set null,
    grant_id uuid not null,  -- the client's own grant, for client_credentials
    auth_method text not null,  -- token_endpoint_auth_method of RFC 7591
    grant_types text[] not null,
    redirect_uris text[] not null default '{}',
    post_logout_redirect_uris text[] not null default '{}',
    scopes text[] not null,
    require_pkce boolean not null default false,
    introspect_any boolean not null default false,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    disabled_at timestamptz
);
create index clients_owner_id on clients (owner_id);

create table client_secrets (
    id uuid primary key,
    client_id text not null references clients on delete cascade,
    digest bytea not null,
    created_at timestamptz not null,
    expires_at timestamptz
);
create index client_secrets_client_id on client_secrets (client_id);

create table consents (
    user_id uuid not null references users on delete cascade,
    client_id text not null references clients on delete cascade,
    scopes text[] not null,
    granted_at timestamptz not null,
    primary key (user_id, client_id)
);
create index consents_client_id on consents (client_id);

create table grants (
    id uuid primary key,
    user_id uuid,  -- none: the client acts for itself
    client_id text not null,
    session_id uuid,
    scope text not null,
    created_at timestamptz not null,
    expires_at timestamptz,  -- absolute: nothing under this grant lives longer
    revoked_at timestamptz
);
create index grants_user_id on grants (user_id) where user_id is not null;
create index grants_client_id on grants (client_id);

create table authorization_codes (
    digest bytea primary key,
    grant_id uuid not null,
    client_id text not null,
    scope text not null,
    redirect_uri text not null,
    redirect_uri_sent boolean not null,
    code_challenge text,  -- S256
    expires_at timestamptz not null,
    used_at timestamptz
);

create table access_tokens (
    digest bytea primary key,
    grant_id uuid not null,
    scope text not null,
    issued_at timestamptz not null,
    expires_at timestamptz not null,
    revoked_at timestamptz
);

create table refresh_tokens (
    digest bytea primary key,
    grant_id uuid not null,
    scope text not null,
    issued_at timestamptz not null,
    expires_at timestamptz not null,
    used_at timestamptz,
    successor_digest bytea,
    successor bytea  -- the answer given for this token, encrypted under a key that only the token itself yields
);

-- The grants that may live as far as state goes (H20); time is the caller's `now`. Every path looks here.
create view living_grants as
select g.id, g.user_id, g.client_id, g.session_id, g.scope, g.created_at, g.expires_at
from grants g
join clients c on c.id = g.client_id and c.disabled_at is null
left join users u on u.id = g.user_id
where g.revoked_at is null
  and (g.user_id is null or (u.id is not null and u.disabled_at is null));

-- Servers keep clients and scopes in memory; each change tells them so. A hint, never the truth (H46).
create function tell_servers() returns trigger language plpgsql as $$
begin
    perform pg_notify('iam_changed', tg_argv[0]);
    return null;
end
$$;
create trigger clients_changed after insert or update or delete on clients
    for each statement execute function tell_servers('clients');
create trigger client_secrets_changed after insert or update or delete on client_secrets
    for each statement execute function tell_servers('clients');
create trigger scopes_changed after insert or update or delete on scopes
    for each statement execute function tell_servers('scopes');
