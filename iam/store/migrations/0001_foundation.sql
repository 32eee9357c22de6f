-- People, clients, grants and tokens: what the foundation stands on.
--
-- user -> session -> grant -> tokens. A grant is what a person (or a client, for itself) allowed once; codes and tokens
-- point to it, and revoking it ends everything under it. Secrets are kept as SHA-256 digests. Names are unqualified, so
-- that a schema is a tenant. Hot tables have no foreign keys: the check would lock and rewrite the parent's row for each
-- token, and a token whose grant is gone is dead anyway, since every look-up goes through may_live.
--
-- Short-lived rows lie in partitions by the day after which nobody needs them, and go with their partition: dropping one
-- costs nothing, deleting rows costs what writing them did, and leaves the space. The secret itself tells the day, so
-- that a look-up probes one partition. When a token expires is another matter, and exact: `expires_at`.

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
    not_before timestamptz not null default '-infinity',  -- what was granted before is worth nothing
    created_at timestamptz not null,
    updated_at timestamptz not null,
    disabled_at timestamptz
);

create table sessions (
    day date not null,
    digest bytea not null,
    id uuid not null,
    user_id uuid not null references users on delete cascade,
    auth_time timestamptz not null,
    seen_at timestamptz not null,
    expires_at timestamptz not null,  -- absolute; how long it may idle is a setting
    remembered boolean not null default false,
    primary key (digest, day)
) partition by range (day);
create index sessions_id on sessions (id);
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
    not_before timestamptz not null default '-infinity',  -- what was granted before is worth nothing
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

-- RFC 8707: what access tokens are for. A token for a resource has that resource's form and lifetime.
create table resources (
    uri text primary key,
    scopes text[] not null default '{}',  -- none: any scope means something there
    token_format text not null default 'opaque' check (token_format in ('opaque', 'jwt')),
    lifetime integer not null check (lifetime > 0),  -- seconds
    client_id text references clients on delete set null,  -- who may introspect the tokens for it
    created_at timestamptz not null,
    disabled_at timestamptz
);

create table grants (
    id uuid primary key,
    user_id uuid,  -- none: the client acts for itself
    client_id text not null,
    session_id uuid,
    grant_type text not null,
    scope text not null,
    resources text[] not null default '{}',
    session_bound boolean not null default false,  -- it ends with the session that it was given in, at the latest
    created_at timestamptz not null,
    expires_at timestamptz,  -- absolute: nothing under this grant lives longer
    revoked_at timestamptz
);
create index grants_user_id on grants (user_id) where user_id is not null;
create index grants_client_id on grants (client_id);
create index grants_session_id on grants (session_id) where session_bound;
create index grants_expires_at on grants (expires_at) where expires_at is not null;
create index grants_revoked_at on grants (revoked_at) where revoked_at is not null;

create table authorization_codes (
    day date not null,
    digest bytea not null,
    grant_id uuid not null,
    client_id text not null,
    redirect_uri text not null,
    redirect_uri_sent boolean not null,
    code_challenge text,  -- S256
    expires_at timestamptz not null,
    used_at timestamptz,
    primary key (digest, day)
) partition by range (day);

create table access_tokens (
    day date not null,
    digest bytea not null,
    grant_id uuid not null,
    scope text not null,
    audience text[],  -- none: what is for no resource in particular
    issued_at timestamptz not null,
    expires_at timestamptz not null,
    revoked_at timestamptz,
    primary key (digest, day)
) partition by range (day);

create table refresh_tokens (
    day date not null,
    digest bytea not null,
    grant_id uuid not null,
    scope text not null,
    issued_at timestamptz not null,
    expires_at timestamptz not null,
    used_at timestamptz,
    successor_day date,
    successor_digest bytea,
    successor bytea,  -- the answer given for this token, encrypted under a key that only the token itself yields
    primary key (digest, day)
) partition by range (day);

-- Everything granted before is worth nothing, whoever granted it.
create table epochs (
    name text primary key,
    not_before timestamptz not null
);

-- May this grant live now (H20)? Every path asks here: code, refresh, client credentials, introspection, resources. What
-- is presented was issued at `since` (none: with the grant), is for `audience` (none: all that was granted), and comes by
-- the grant type `via` (none: by that of the grant alone). A standing grant has no expiry and outlives epochs; what was
-- issued under it before does not.
-- (`offset 0`: each table is looked up by its key; joined, it would be read as a whole while it is small.)
create function may_live(grant_id uuid, at timestamptz, since timestamptz, audience text[], via text)
returns table (
    id uuid, client_id text, user_id uuid, username text, session_id uuid, grant_type text,
    scope text, resources text[], created_at timestamptz, expires_at timestamptz
) language sql stable rows 1 as $$
    select g.id, g.client_id, g.user_id, u.username, g.session_id, g.grant_type,
        g.scope, g.resources, g.created_at, g.expires_at
    from grants g
    join clients c on c.id = g.client_id
        and c.disabled_at is null
        and g.grant_type = any (c.grant_types)
        and ($5 is null or $5 = any (c.grant_types))
        and coalesce($3, g.created_at) >= c.not_before
    left join users u on u.id = g.user_id
    where g.id = $1
        and g.revoked_at is null
        and (g.expires_at is null or g.expires_at > $2)
        and coalesce($3, g.created_at) >= coalesce((select e.not_before from epochs e where e.name = 'all'), '-infinity')
        and (g.user_id is null or (
            u.disabled_at is null
            and coalesce($3, g.created_at) >= u.not_before
            and exists (
                select from consents k
                where k.user_id = g.user_id and k.client_id = g.client_id and k.scopes @> string_to_array(g.scope, ' ')
            )
        ))
        and (coalesce($4, g.resources) = '{}' or not exists (
            select from unnest(coalesce($4, g.resources)) asked (uri)
            where not exists (select from resources r where r.uri = asked.uri and r.disabled_at is null)
        ))
    offset 0
$$;

-- What of `scope` means something to the resources of `audience`: all where they name no scopes (RFC 8707 §2.2).
create function scope_for(scope text, audience text[]) returns text language sql stable as $$
    select coalesce(string_agg(asked.name, ' ' order by asked.n), '')
    from unnest(string_to_array($1, ' ')) with ordinality asked (name, n)
    where exists (
        select from resources r where r.uri = any ($2) and (r.scopes = '{}' or asked.name = any (r.scopes))
    )
$$;

-- Seconds that a token for these resources lives: the shortest of theirs; none where it is for none in particular.
create function lifetime_for(audience text[]) returns integer language sql stable as $$
    select min(r.lifetime) from resources r where r.uri = any ($1)
$$;

-- Makes the partitions of a table for the days from yesterday to `ahead` days from now, `width` days each, and drops those
-- whose last day is over. Any number of servers may call it at the same time. A busy table is waited for only a moment.
create function tend_partitions(parent text, today date, width integer, ahead integer)
returns table (made integer, dropped integer) language plpgsql as $$
declare
    day date := today - 1;
    until date;
    part text;
    -- what is used once is updated once: in its own page, without a word in the index, if there is room
    room integer := case when parent in ('authorization_codes', 'refresh_tokens') then 55 else 100 end;
begin
    made := 0;
    dropped := 0;
    perform set_config('lock_timeout', '1s', true);
    perform pg_advisory_xact_lock(1768779118, hashtext(current_schema() || '.' || parent));
    while day <= today + ahead loop
        select max(b.beyond) into until from partition_bounds b
        where b.parent = tend_partitions.parent and b.first <= day and b.beyond > day;
        if until is null then
            select least(min(b.first), day + width - (day - date '2000-01-01') % width) into until from partition_bounds b
            where b.parent = tend_partitions.parent and b.first > day;
            part := format('%s_%s_%s', parent, to_char(day, 'YYYYMMDD'), to_char(until, 'YYYYMMDD'));
            -- attached, not made in place: reading and writing go on meanwhile
            execute format('create table %I (like %I including all) with (fillfactor = %s)', part, parent, room);
            execute format('alter table %I attach partition %I for values from (%L) to (%L)', parent, part, day, until);
            made := made + 1;
        end if;
        day := until;
    end loop;
    for part in select b.name from partition_bounds b where b.parent = tend_partitions.parent and b.beyond < today loop
        execute format('drop table %I', part);
        dropped := dropped + 1;
    end loop;
    return next;
end
$$;

-- The partitions that there are: their names tell their bounds. `about` is PostgreSQL's estimate of their rows.
create view partition_bounds as
select p.relname::text as parent, c.relname::text as name,
    to_date(substring(c.relname from '_(\d{8})_\d{8}$'), 'YYYYMMDD') as first,
    to_date(substring(c.relname from '_\d{8}_(\d{8})$'), 'YYYYMMDD') as beyond,
    greatest(c.reltuples, 0)::bigint as about, pg_total_relation_size(c.oid) as bytes
from pg_inherits i
join pg_class p on p.oid = i.inhparent and p.relkind = 'p' and p.relnamespace = current_schema()::regnamespace
join pg_class c on c.oid = i.inhrelid;

-- However a session ends before its time, what is bound to it ends with it.
create function end_bound_grants() returns trigger language plpgsql as $$
begin
    update grants set revoked_at = now() where session_id = old.id and session_bound and revoked_at is null;
    return null;
end
$$;
create trigger sessions_ended after delete on sessions for each row execute function end_bound_grants();

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
create trigger resources_changed after insert or update or delete on resources
    for each statement execute function tell_servers('resources');
