-- The schema that iam/store/migrations and iam/store/functions make together. Written by `make schema`; do not edit.
-- The partitions of short-lived tables are not here: servers make and drop them by the day.

CREATE FUNCTION administers(person uuid) RETURNS boolean
    LANGUAGE sql STABLE
    AS $_$
    select exists (
        select from role_grants r where r.role = 'administrator' and r.client_id is null and r.user_id = $1
    ) or exists (
        select from group_members m join role_grants r on r.group_id = m.group_id
        where m.user_id = $1 and r.role = 'administrator' and r.client_id is null
    )
$_$;

CREATE FUNCTION admit_server(role text) RETURNS void
    LANGUAGE plpgsql
    AS $$
declare
    known record;
begin
    execute format('grant usage on schema %I to %I', current_schema(), role);
    for known in select c.relname as name, c.relkind = 'S' as sequence from pg_class c
        where c.relnamespace = current_schema()::regnamespace and c.relkind in ('r', 'p', 'v', 'S') and not c.relispartition
    loop
        if known.sequence then
            execute format('grant usage on sequence %I to %I', known.name, role);
        elsif known.name = 'audit_events' then
            execute format('grant select, insert, update (address) on %I to %I', known.name, role);
        elsif known.name in ('migrations', 'functions') then
            execute format('grant select on %I to %I', known.name, role);
        else
            execute format('grant select, insert, update, delete on %I to %I', known.name, role);
        end if;
    end loop;
    execute format('grant execute on function tend_partitions(text, date, integer, integer) to %I', role);
end
$$;

CREATE FUNCTION admitted(person uuid, client text) RETURNS boolean
    LANGUAGE sql STABLE COST 1
    AS $_$
    select exists (
        select from client_groups r join group_members m on m.group_id = r.group_id
        where r.client_id = $2 and m.user_id = $1
    )
$_$;

CREATE FUNCTION audit_capped(value jsonb) RETURNS jsonb
    LANGUAGE sql STABLE
    AS $_$
    select case
        when length($1::text) <= 256 then $1
        when jsonb_typeof($1) = 'array' and jsonb_array_length($1) <= 2 then (
            select jsonb_agg(case when length(e.value::text) <= 256 then e.value else audit_digest(e.value) end order by e.n)
            from jsonb_array_elements($1) with ordinality e (value, n)
        )
        else audit_digest($1)
    end
$_$;

CREATE FUNCTION audit_day(at timestamp with time zone) RETURNS date
    LANGUAGE sql IMMUTABLE
    AS $$
    select (at at time zone 'UTC')::date + 400
$$;

CREATE FUNCTION audit_digest(value jsonb) RETURNS jsonb
    LANGUAGE sql STABLE
    AS $_$
    select jsonb_build_object('sha256', encode(sha256(convert_to($1::text, 'UTF8')), 'hex'), 'length', length($1::text))
$_$;

CREATE FUNCTION audit_month(day date) RETURNS date
    LANGUAGE sql IMMUTABLE
    AS $$
    select date_trunc('month', (day - 400)::timestamp)::date + 400
$$;

CREATE FUNCTION audit_months() RETURNS TABLE(name text, since date, until date, events bigint, bytes bigint)
    LANGUAGE plpgsql STABLE
    AS $$
begin
    for name, since, until, events, bytes in
        select b.name, b.first - 400, b.beyond - 400, b.about, b.bytes from partition_bounds b
        where b.parent = 'audit_events' order by b.first
    loop
        if bytes < 256 << 20 then
            execute format('select count(*) from %I', name) into events;
        end if;
        return next;
    end loop;
end
$$;

CREATE FUNCTION audited(kind text, at timestamp with time zone, actor text, address text, subject text DEFAULT NULL::text, client text DEFAULT NULL::text, detail jsonb DEFAULT '{}'::jsonb) RETURNS void
    LANGUAGE plpgsql
    AS $$
begin
    insert into audit_events (day, at, kind, actor, subject, client, address, detail)
    values (audit_day(at), at, kind, actor, subject, client, address::inet, detail);
end
$$;

CREATE FUNCTION await_use() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    insert into last_uses (client_id, day) values (new.id, '-infinity') on conflict do nothing;
    return null;
end
$$;

CREATE FUNCTION barred(person uuid, names text[]) RETURNS text[]
    LANGUAGE sql STABLE COST 1
    AS $_$
    select array(
        select distinct s.scope from scope_groups s
        where s.scope = any ($2) and not exists (
            select from scope_groups r join group_members m on m.group_id = r.group_id
            where r.scope = s.scope and m.user_id = $1
        )
    )
$_$;

CREATE FUNCTION cap_detail() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    new.detail := (select jsonb_object_agg(left(m.key, 64), audit_capped(m.value)) from (
        select * from jsonb_each(new.detail) limit 64
    ) m);
    return new;
end
$$;

CREATE FUNCTION changes(before jsonb, after jsonb) RETURNS jsonb
    LANGUAGE sql IMMUTABLE
    AS $_$
    select jsonb_object_agg(n.key, jsonb_build_array(o.value, n.value))
    from jsonb_each($2) n join jsonb_each($1) o using (key)
    where n.value <> o.value
$_$;

CREATE FUNCTION close_setup() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    update setup s set digest = null, closed_at = new.updated_at where s.closed_at is null;
    return null;
end
$$;

CREATE FUNCTION consent_to_resources() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    update consents k
    set resources = consented_with(k.resources, (
        select jsonb_object_agg(r.uri, to_jsonb(string_to_array(new.scope, ' '))) from unnest(new.resources) r (uri)
    ))
    where k.user_id = new.user_id and k.client_id = new.client_id and not k.resources ?& new.resources;
    return null;
end
$$;

CREATE FUNCTION consent_without_resources() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    new.resources := new.resources || jsonb_build_object('', to_jsonb(new.scopes));
    return new;
end
$$;

CREATE FUNCTION consented_minus(given jsonb, allowed jsonb) RETURNS jsonb
    LANGUAGE sql IMMUTABLE
    AS $_$
    select coalesce(jsonb_object_agg(each.uri, left_over.names) filter (where left_over.names <> '[]' or not $2 ? each.uri), '{}')
    from jsonb_each($1) each (uri, names)
    cross join lateral (select each.names - array(select jsonb_array_elements_text($2 -> each.uri))) left_over (names)
$_$;

CREATE FUNCTION consented_with(before jsonb, allowed jsonb) RETURNS jsonb
    LANGUAGE sql IMMUTABLE
    AS $_$
    select coalesce(jsonb_object_agg(merged.uri, merged.names), '{}') from (
        select each.uri, coalesce(jsonb_agg(distinct s.name) filter (where s.name is not null), '[]') as names
        from (select * from jsonb_each($1) union all select * from jsonb_each($2)) each (uri, names)
        left join lateral jsonb_array_elements_text(each.names) s (name) on true
        group by each.uri
    ) merged
$_$;

CREATE FUNCTION consented_without(before jsonb, names text[]) RETURNS jsonb
    LANGUAGE sql IMMUTABLE
    AS $_$
    select coalesce(jsonb_object_agg(each.uri, each.names - $2)
        filter (where each.uri = '' or each.names = '[]' or each.names - $2 <> '[]'), '{}')
    from jsonb_each($1) each (uri, names)
$_$;

CREATE FUNCTION derive_administrators(people uuid[]) RETURNS void
    LANGUAGE plpgsql
    AS $$
declare
    fewer boolean;
begin
    if not exists (select from users u where u.id = any (people)) then
        return;
    end if;
    perform pg_advisory_xact_lock(1768779118, hashtext(current_schema() || '.administrators'));
    fewer := exists (
        select from users u where u.id = any (people) and u.superuser and u.disabled_at is null and not administers(u.id)
    );
    if fewer then
        perform from users u where u.superuser and u.disabled_at is null order by u.id for no key update;
    end if;
    update users u set superuser = not u.superuser,
        updated_at = coalesce(nullif(current_setting('iam.moment', true), '')::timestamptz, u.updated_at)
    where u.id = any (people) and u.superuser <> administers(u.id);
    if fewer and not exists (select from users u where u.superuser and u.disabled_at is null) then
        raise exception 'the last enabled administrator stays'
            using errcode = 'integrity_constraint_violation', constraint = 'last_administrator';
    end if;
end
$$;

CREATE FUNCTION derive_from_members() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    perform derive_administrators(array(select distinct m.user_id from moved m));
    update groups g set members = g.members + case tg_op when 'INSERT' then c.number else -c.number end
    from (select m.group_id, count(*) as number from moved m group by m.group_id) c
    where g.id = c.group_id;
    return null;
end
$$;

CREATE FUNCTION derive_from_roles() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    if not exists (
        select from moved r left join users u on u.id = r.user_id
        where r.role = 'administrator' and r.client_id is null and (r.group_id is not null or u.id is not null)
    ) then
        return null;
    end if;
    perform pg_advisory_xact_lock(1768779118, hashtext(current_schema() || '.administrators'));
    perform derive_administrators(array(
        select r.user_id from moved r where r.role = 'administrator' and r.client_id is null and r.user_id is not null
        union
        select m.user_id from moved r join group_members m on m.group_id = r.group_id
        where r.role = 'administrator' and r.client_id is null
    ));
    return null;
end
$$;

CREATE FUNCTION derive_role() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    if new.superuser and not administers(new.id) then
        insert into role_grants (role, user_id, created_at) values ('administrator', new.id, new.updated_at)
        on conflict do nothing;
    elsif not new.superuser then
        delete from role_grants r where r.role = 'administrator' and r.client_id is null and r.user_id = new.id;
    end if;
    return null;
end
$$;

CREATE FUNCTION end_bound_grants() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
declare
    -- what the statement says (moment); servers of the version before say nothing
    at timestamptz := coalesce(nullif(current_setting('iam.moment', true), '')::timestamptz, now());
begin
    if old.expires_at <= at or exists (select from sessions s where s.id = old.id) then
        return null;
    end if;
    update grants set revoked_at = at where session_id = old.id and session_bound and revoked_at is null;
    insert into logout_notices (id, client_id, user_id, session_id, created_at)
    select gen_random_uuid(), c.id, old.user_id, old.id, at
    from clients c
    where c.id in (select g.client_id from grants g where g.session_id = old.id and g.openid is not null)
        and c.disabled_at is null and c.metadata ->> 'backchannel_logout_uri' is not null
    for key share of c;  -- whoever deletes it is waited for, and then it is none
    if found then
        perform pg_notify('iam_changed', 'logout_notices');
    end if;
    return null;
end
$$;

CREATE FUNCTION forget_consents() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    delete from consents k where k.user_id = new.id;
    return null;
end
$$;

CREATE FUNCTION groups_of(person uuid) RETURNS text[]
    LANGUAGE sql STABLE
    AS $_$
    select coalesce(array_agg(g.name order by g.name_key), '{}')
    from group_members m join groups g on g.id = m.group_id where m.user_id = $1
$_$;

CREATE FUNCTION keep_client_metadata() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    if tg_op = 'UPDATE' and new.metadata = old.metadata then
        if (new.openid, new.post_logout_redirect_uris, new.require_pkce, new.introspect_any, new.allow_http_redirects,
            new.auth_signing_alg, new.jwks, new.jwks_uri
        ) is not distinct from (old.openid, old.post_logout_redirect_uris, old.require_pkce, old.introspect_any,
            old.allow_http_redirects, old.auth_signing_alg, old.jwks, old.jwks_uri
        ) then
            return new;
        end if;
        new.metadata := null;  -- it is the columns that were written
    end if;
    if new.metadata is null then
        new.metadata := new.openid || (
            select coalesce(jsonb_object_agg(m.name, m.value), '{}') from (values
                ('post_logout_redirect_uris', nullif(to_jsonb(new.post_logout_redirect_uris), '[]')),
                ('require_pkce', nullif(to_jsonb(new.require_pkce), 'false')),
                ('introspect_any', nullif(to_jsonb(new.introspect_any), 'false')),
                ('allow_http_redirects', nullif(to_jsonb(new.allow_http_redirects), 'false')),
                ('token_endpoint_auth_signing_alg', to_jsonb(new.auth_signing_alg)),
                ('jwks', new.jwks),
                ('jwks_uri', to_jsonb(new.jwks_uri))
            ) m (name, value) where m.value is not null
        );
        return new;
    end if;
    new.openid := new.metadata - '{post_logout_redirect_uris,require_pkce,introspect_any,allow_http_redirects,'
        'token_endpoint_auth_signing_alg,jwks,jwks_uri}'::text[];
    new.post_logout_redirect_uris := array(select jsonb_array_elements_text(new.metadata -> 'post_logout_redirect_uris'));
    new.require_pkce := coalesce((new.metadata ->> 'require_pkce')::boolean, false);
    new.introspect_any := coalesce((new.metadata ->> 'introspect_any')::boolean, false);
    new.allow_http_redirects := coalesce((new.metadata ->> 'allow_http_redirects')::boolean, false);
    new.auth_signing_alg := new.metadata ->> 'token_endpoint_auth_signing_alg';
    new.jwks := new.metadata -> 'jwks';
    new.jwks_uri := new.metadata ->> 'jwks_uri';
    return new;
end
$$;

CREATE FUNCTION keep_last_use() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    update last_uses set day = new.day where client_id = new.client_id and day < new.day;
    return null;
end
$$;

CREATE FUNCTION last_use(client text, own_grant uuid) RETURNS date
    LANGUAGE sql STABLE
    AS $$
    select greatest(
        (select nullif(l.day, '-infinity') from last_uses l where l.client_id = client),
        (
            select (g.created_at at time zone 'UTC')::date from grants g
            where g.client_id = client and g.id <> own_grant order by g.id desc limit 1
        )
    )
$$;

CREATE FUNCTION leave_unchanged() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    if to_jsonb(new) - 'updated_at' = to_jsonb(old) - 'updated_at' then
        return null;
    end if;
    return new;
end
$$;

CREATE FUNCTION lifetime_for(audience text[]) RETURNS integer
    LANGUAGE sql STABLE
    AS $_$
    select min(r.lifetime) from resources r where r.uri = any ($1)
$_$;

CREATE TABLE links (
    digest bytea NOT NULL,
    kind text NOT NULL,
    user_id uuid,
    email text,
    data jsonb DEFAULT '{}'::jsonb NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    used_at timestamp with time zone,
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    CONSTRAINT links_digest_check CHECK ((octet_length(digest) = 32))
);

CREATE TABLE users (
    id uuid NOT NULL,
    username text NOT NULL,
    username_key text NOT NULL,
    email text,
    email_key text,
    email_verified boolean DEFAULT false NOT NULL,
    name text DEFAULT ''::text NOT NULL,
    password_hash text,
    claims jsonb DEFAULT '{}'::jsonb NOT NULL,
    superuser boolean DEFAULT false NOT NULL,
    not_before timestamp with time zone DEFAULT '-infinity'::timestamp with time zone NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    disabled_at timestamp with time zone,
    logins_not_before timestamp with time zone DEFAULT '-infinity'::timestamp with time zone NOT NULL,
    applications_not_before timestamp with time zone DEFAULT '-infinity'::timestamp with time zone NOT NULL,
    tokens_not_before timestamp with time zone DEFAULT '-infinity'::timestamp with time zone NOT NULL,
    delete_at timestamp with time zone
);

CREATE FUNCTION link_trouble(link links, person users, at timestamp with time zone) RETURNS text
    LANGUAGE plpgsql STABLE
    AS $$
begin
    return case
        when link.used_at is not null then 'used'
        when link.expires_at <= at then 'expired'
        when link.kind = 'sign_up' then case when link.user_id is not null then 'gone' end
        when person.id is null or person.disabled_at is not null then 'gone'
        when link.kind in ('reset', 'invite', 'verify') and link.email is not null and link.email is distinct from person.email
            then 'moved'
        when link.data ? 'password' and link.data ->> 'password' <> password_version(person.password_hash) then 'replaced'
        when link.kind in ('reset', 'invite', 'verify', 'email_change') and exists (
            select from links newer
            where newer.user_id = link.user_id and newer.kind = link.kind and newer.created_at > link.created_at
                and (newer.email is null or link.email is not null)
        ) then 'replaced'
    end;
end
$$;

CREATE FUNCTION logout_pause(failures integer) RETURNS interval
    LANGUAGE sql IMMUTABLE
    AS $$
    select make_interval(secs => least(3600, 5 * 2 ^ least(failures - 1, 12)))
$$;

CREATE FUNCTION mailed(template text, recipient text, user_id uuid, at timestamp with time zone, detail jsonb, secret bytea DEFAULT NULL::bytea) RETURNS boolean
    LANGUAGE plpgsql
    AS $$
begin
    if recipient is null then
        return false;
    end if;
    insert into outbox (id, template, recipient, user_id, detail, secret, created_at)
    values (gen_random_uuid(), template, recipient, user_id, coalesce(detail, '{}'), secret, at);
    perform pg_notify('iam_changed', 'outbox');
    return true;
end
$$;

CREATE FUNCTION may_be_another_stranger(most integer) RETURNS boolean
    LANGUAGE plpgsql
    AS $$
begin
    if most is null then
        return true;
    end if;
    perform pg_advisory_xact_lock(1768779118, hashtext(current_schema() || '.strangers'));
    return (
        select count(*) from clients where registration_digest is not null and registration_token_id is null
    ) < most;
end
$$;

CREATE FUNCTION may_live(grant_id uuid, at timestamp with time zone, since timestamp with time zone, audience text[], via text) RETURNS TABLE(id uuid, client_id text, user_id uuid, username text, session_id uuid, grant_type text, scope text, resources text[], created_at timestamp with time zone, expires_at timestamp with time zone, openid jsonb)
    LANGUAGE sql STABLE ROWS 1
    AS $_$
    select g.id, g.client_id, g.user_id, u.username, g.session_id, g.grant_type,
        g.scope, g.resources, g.created_at, g.expires_at, g.openid
    from grants g
    left join clients c on c.id = g.client_id
    left join users u on u.id = g.user_id
    where g.id = $1
        and (
            c.disabled_at is null
            and g.grant_type = any (c.grant_types)
            and ($5 is null or $5 = any (c.grant_types))
            and coalesce($3, g.created_at) >= c.not_before
            or g.client_id is null and g.user_id is not null and g.grant_type = 'personal_token'
        )
        and g.revoked_at is null
        and (g.expires_at is null or g.expires_at > $2)
        and coalesce($3, g.created_at) >= coalesce((select e.not_before from epochs e where e.name = 'all'), '-infinity')
        and (g.user_id is null or (
            u.disabled_at is null
            and coalesce($3, g.created_at) >= u.not_before
            and case when c.members_only then admitted(g.user_id, c.id) else true end
            and case when exists (select from scope_groups s where s.scope > '')
                then barred(g.user_id, string_to_array(g.scope, ' ')) = '{}' else true end
            and case
                when g.client_id is null then g.created_at >= u.tokens_not_before
                else coalesce($3, g.created_at) >= u.applications_not_before and exists (
                    select from consents k
                    where k.user_id = g.user_id and k.client_id = g.client_id
                        and k.scopes @> string_to_array(g.scope, ' ') and k.resources ?& g.resources
                )
            end
        ))
        and (coalesce($4, g.resources) = '{}' or not exists (
            select from unnest(coalesce($4, g.resources)) asked (uri)
            where not exists (
                select from resources r
                where r.uri = asked.uri and r.disabled_at is null and (
                    c.id = any (r.allowed_clients)
                    or case when g.user_id is null then coalesce($3, g.created_at) else g.created_at end < r.clients_since
                    or case
                        when c.registration_digest is null or c.registration_token_id is not null then r.clients <> 'named'
                        else r.clients = 'all' and (r.scopes <> '{}' or r.token_format <> 'jwt')
                    end
                )
            )
        ))
    offset 0
$_$;

CREATE FUNCTION may_own_another(person uuid, most integer) RETURNS boolean
    LANGUAGE plpgsql
    AS $$
begin
    if most is null then
        return true;
    end if;
    perform from users u where u.id = person for no key update;
    return (select count(*) from clients c where c.owner_id = person) < most;
end
$$;

CREATE FUNCTION moment(at timestamp with time zone) RETURNS timestamp with time zone
    LANGUAGE sql
    AS $_$
    select set_config('iam.moment', $1::text, true)::timestamptz
$_$;

CREATE FUNCTION other_administrator(person uuid) RETURNS boolean
    LANGUAGE plpgsql
    AS $$
begin
    perform pg_advisory_xact_lock(1768779118, hashtext(current_schema() || '.administrators'));
    perform from users u where u.superuser and u.disabled_at is null order by u.id for no key update;
    return exists (select from users u where u.superuser and u.disabled_at is null and u.id <> person);
end
$$;

CREATE FUNCTION password_version(hash text) RETURNS text
    LANGUAGE sql STABLE
    AS $_$
    select encode(sha256(convert_to(coalesce($1, ''), 'UTF8')), 'hex')
$_$;

CREATE FUNCTION prune_audit(before date) RETURNS TABLE(name text, since date, until date, events bigint, bytes bigint)
    LANGUAGE plpgsql
    AS $$
begin
    for name, since, until, events, bytes in select m.* from audit_months() m where m.until <= before loop
        execute format('drop table %I', name);
        return next;
    end loop;
end
$$;

CREATE FUNCTION refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    if tg_op = 'UPDATE' and to_jsonb(new) - 'address' = to_jsonb(old) - 'address' and new.address >>= old.address then
        return new;
    end if;
    raise exception 'audit events are never changed' using errcode = 'integrity_constraint_violation';
end
$$;

CREATE FUNCTION require_version(noun text, key text, version text) RETURNS void
    LANGUAGE plpgsql
    AS $$
begin
    case noun
        when 'people' then perform from users u where u.id = key::uuid for no key update;
        when 'groups' then perform from groups g where g.id = key::uuid for no key update;
        when 'applications' then perform from clients c where c.id = key for no key update;
        when 'scopes' then perform from scopes s where s.name = key for no key update;
        when 'resources' then perform from resources r where r.uri = key for no key update;
        else return;
    end case;
    if version_of(noun, key) is distinct from version then
        raise exception 'it has changed since' using errcode = 'integrity_constraint_violation', constraint = 'unchanged';
    end if;
end
$$;

CREATE FUNCTION roles_of(person uuid, client text) RETURNS text[]
    LANGUAGE sql STABLE
    AS $_$
    select coalesce(array_agg(distinct held.role order by held.role), '{}') from (
        select r.role from role_grants r where r.user_id = $1 and r.client_id is not distinct from $2
        union all
        select r.role from group_members m join role_grants r on r.group_id = m.group_id
        where m.user_id = $1 and r.client_id is not distinct from $2
    ) held
$_$;

CREATE FUNCTION rotate_client_secret(client text, method text, secret uuid, digest bytea, sealed bytea, at timestamp with time zone, until timestamp with time zone) RETURNS boolean
    LANGUAGE plpgsql
    AS $$
begin
    perform from clients c where c.id = client and c.auth_method = method and method like 'client\_secret\_%' for update;
    if not found then
        return false;
    end if;
    delete from client_secrets s where s.client_id = client and (until <= at or s.id is distinct from (
        select n.id from client_secrets n
        where n.client_id = client and (n.expires_at is null or n.expires_at > at)
        order by n.created_at desc, n.id desc limit 1
    ));
    update client_secrets s set expires_at = least(s.expires_at, until) where s.client_id = client;
    insert into client_secrets (id, client_id, digest, sealed, created_at)
    values (secret, client, rotate_client_secret.digest, rotate_client_secret.sealed, at);
    return true;
end
$$;

CREATE FUNCTION scope_at(scope text, audience text[], person uuid, client text) RETURNS text
    LANGUAGE sql STABLE
    AS $_$
    select coalesce(string_agg(asked.name, ' ' order by asked.n), '')
    from unnest(string_to_array($1, ' ')) with ordinality asked (name, n)
    where asked.name = 'offline_access'
        or exists (select from scopes s where s.name = asked.name and s.claims <> '{}')
        or exists (
            select from resources r
            where r.uri = any ($2) and (r.scopes = '{}' or asked.name = any (r.scopes)) and exists (
                select from consents k
                where k.user_id = $3 and k.client_id = $4 and k.resources -> r.uri ? asked.name
            )
        )
$_$;

CREATE FUNCTION scope_for(scope text, audience text[]) RETURNS text
    LANGUAGE sql STABLE
    AS $_$
    select coalesce(string_agg(asked.name, ' ' order by asked.n), '')
    from unnest(string_to_array($1, ' ')) with ordinality asked (name, n)
    where exists (
        select from resources r where r.uri = any ($2) and (r.scopes = '{}' or asked.name = any (r.scopes))
    )
$_$;

CREATE FUNCTION take_tokens(names bytea[], seconds double precision[], spans double precision[], at timestamp with time zone, OUT taken boolean, OUT full_ats timestamp with time zone[]) RETURNS record
    LANGUAGE plpgsql
    AS $$
begin
    insert into buckets as b (name, full_at) select n, at from unnest(names) as n order by n
    on conflict (name) do update set full_at = excluded.full_at where b.full_at < excluded.full_at;

    select bool_and(b.full_at + make_interval(secs => i.second) <= at + make_interval(secs => i.span)),
        array_agg(b.full_at order by i.n)
    into taken, full_ats
    from unnest(names, seconds, spans) with ordinality as i (name, second, span, n)
    join buckets b on b.name = i.name;

    if taken then
        update buckets b set full_at = b.full_at + make_interval(secs => i.second)
        from unnest(names, seconds) as i (name, second) where b.name = i.name;
    end if;
end
$$;

CREATE FUNCTION tell_of_client() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    perform pg_notify('iam_changed', 'client ' || (coalesce(to_jsonb(new), to_jsonb(old)) ->> tg_argv[0]));
    return null;
end
$$;

CREATE FUNCTION tell_of_owner() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    perform pg_notify('iam_changed', 'client ' || c.id) from clients c where c.owner_id = new.id;
    return null;
end
$$;

CREATE FUNCTION tell_servers() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    perform pg_notify('iam_changed', tg_argv[0]);
    return null;
end
$$;

CREATE FUNCTION tend_partitions(parent text, today date, width integer, ahead integer) RETURNS TABLE(made integer, dropped integer)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
declare
    monthly boolean := parent = 'audit_events';
    day date := today - 1 + case when monthly then 400 else 0 end;
    -- for a role that is not the owner, partitions go by PostgreSQL's own clock: it decides upon no date
    past date := case when pg_has_role(session_user, current_user, 'member') then today else least(today, current_date) end;
    latest date := case when monthly then today + 431 else today + ahead end;
    until date;
    part text;
    -- what is used once is updated once: in its own page, without a word in the index, if there is room
    room integer := case when parent in ('authorization_codes', 'refresh_tokens') then 55 else 100 end;
begin
    made := 0;
    dropped := 0;
    perform set_config('lock_timeout', '1s', true);
    perform pg_advisory_xact_lock(1768779118, hashtext(current_schema() || '.' || parent));
    while day <= latest loop
        select max(b.beyond) into until from partition_bounds b
        where b.parent = tend_partitions.parent and b.first <= day and b.beyond > day;
        if until is null then
            if monthly then
                select greatest(audit_month(day), max(b.beyond)) into day from partition_bounds b
                where b.parent = tend_partitions.parent and b.beyond <= day;
            end if;
            select least(min(b.first), case when monthly then audit_month(audit_month(day) + 31)
                else day + width - (day - date '2000-01-01') % width end) into until
            from partition_bounds b
            where b.parent = tend_partitions.parent and b.first > day;
            part := format('%s_%s_%s', parent, to_char(day, 'YYYYMMDD'), to_char(until, 'YYYYMMDD'));
            -- attached, not made in place: reading and writing go on meanwhile
            execute format('create table %I (like %I including all) with (fillfactor = %s)', part, parent, room);
            execute format('alter table %I attach partition %I for values from (%L) to (%L)', parent, part, day, until);
            made := made + 1;
        end if;
        day := until;
    end loop;
    for part in select b.name from partition_bounds b where b.parent = tend_partitions.parent and b.beyond < past loop
        execute format('drop table %I', part);
        dropped := dropped + 1;
    end loop;
    return next;
end
$$;

CREATE FUNCTION token_obstacle(person uuid, client text, token bytea, called text, most integer, at timestamp with time zone) RETURNS text
    LANGUAGE plpgsql
    AS $$
declare
    names text[];
begin
    perform from users u where u.id = person for no key update;
    perform from clients c where c.id = client for no key update;
    if exists (select from personal_tokens t where t.digest = token) then
        return 'made';
    end if;
    names := array(
        select t.name from personal_tokens t join grants g on g.id = t.grant_id
        where (t.user_id = person or t.client_id = client) and g.revoked_at is null and g.expires_at > at
    );
    return case when called = any (names) then 'name' when cardinality(names) >= most then 'number' end;
end
$$;

CREATE FUNCTION version_of(noun text, key text) RETURNS text
    LANGUAGE plpgsql
    AS $$
begin
    case noun
        when 'people' then
            return (select u.xmin::text from users u where u.id = key::uuid);
        when 'groups' then
            return (
                select g.xmin || ' ' || (select count(*) from group_members m where m.group_id = g.id) from groups g
                where g.id = key::uuid
            );
        when 'applications' then
            return (
                select c.xmin || ' ' || array(select r.group_id from client_groups r where r.client_id = c.id order by 1)::text
                from clients c where c.id = key
            );
        when 'scopes' then
            return (
                select s.xmin || ' ' || array(select r.group_id from scope_groups r where r.scope = s.name order by 1)::text
                from scopes s where s.name = key
            );
        when 'resources' then
            return (select r.xmin::text from resources r where r.uri = key);
        else
            return null;
    end case;
end
$$;

CREATE TABLE access_tokens (
    day date NOT NULL,
    digest bytea NOT NULL,
    grant_id uuid NOT NULL,
    scope text NOT NULL,
    audience text[],
    issued_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    revoked_at timestamp with time zone,
    confirmation text
)
PARTITION BY RANGE (day);

CREATE SEQUENCE audit_events_n
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

CREATE TABLE audit_events (
    day date NOT NULL,
    n bigint DEFAULT nextval('audit_events_n'::regclass) NOT NULL,
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    at timestamp with time zone NOT NULL,
    kind text NOT NULL,
    actor text NOT NULL,
    subject text,
    client text,
    address inet,
    detail jsonb DEFAULT '{}'::jsonb NOT NULL
)
PARTITION BY RANGE (day);

CREATE TABLE authorization_codes (
    day date NOT NULL,
    digest bytea NOT NULL,
    grant_id uuid NOT NULL,
    client_id text NOT NULL,
    redirect_uri text NOT NULL,
    redirect_uri_sent boolean NOT NULL,
    code_challenge text,
    expires_at timestamp with time zone NOT NULL,
    used_at timestamp with time zone,
    confirmation text
)
PARTITION BY RANGE (day);

CREATE TABLE buckets (
    name bytea NOT NULL,
    full_at timestamp with time zone NOT NULL
);

CREATE TABLE client_documents (
    client_id text NOT NULL,
    host text NOT NULL,
    fetched_at timestamp with time zone NOT NULL,
    fresh_until timestamp with time zone NOT NULL
);

CREATE TABLE client_groups (
    client_id text NOT NULL,
    group_id uuid NOT NULL
);

CREATE TABLE client_secrets (
    id uuid NOT NULL,
    client_id text NOT NULL,
    digest bytea NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone,
    sealed bytea
);

CREATE TABLE client_uses (
    client_id text NOT NULL,
    day date NOT NULL
);

CREATE TABLE clients (
    id text NOT NULL,
    name text NOT NULL,
    owner_id uuid,
    grant_id uuid NOT NULL,
    auth_method text NOT NULL,
    grant_types text[] NOT NULL,
    redirect_uris text[] DEFAULT '{}'::text[] NOT NULL,
    post_logout_redirect_uris text[] DEFAULT '{}'::text[] NOT NULL,
    scopes text[] NOT NULL,
    require_pkce boolean DEFAULT false NOT NULL,
    introspect_any boolean DEFAULT false NOT NULL,
    not_before timestamp with time zone DEFAULT '-infinity'::timestamp with time zone NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    disabled_at timestamp with time zone,
    auth_signing_alg text,
    jwks jsonb,
    jwks_uri text,
    openid jsonb DEFAULT '{}'::jsonb NOT NULL,
    registration_digest bytea,
    registration_token_id uuid,
    left_out jsonb DEFAULT '{}'::jsonb NOT NULL,
    allow_http_redirects boolean DEFAULT false NOT NULL,
    metadata jsonb,
    members_only boolean DEFAULT false NOT NULL
);

CREATE TABLE consents (
    user_id uuid NOT NULL,
    client_id text NOT NULL,
    scopes text[] NOT NULL,
    granted_at timestamp with time zone NOT NULL,
    resources jsonb DEFAULT '{}'::jsonb NOT NULL,
    used_at timestamp with time zone,
    unasked jsonb DEFAULT '{}'::jsonb NOT NULL,
    client_digest bytea
);

CREATE TABLE device_codes (
    digest bytea NOT NULL,
    day date NOT NULL,
    user_code bytea NOT NULL,
    client_id text NOT NULL,
    scope text NOT NULL,
    resources text[] DEFAULT '{}'::text[] NOT NULL,
    address text,
    user_agent text,
    asked_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    pause smallint DEFAULT 5 NOT NULL,
    poll_at timestamp with time zone,
    allowed boolean,
    refreshes boolean DEFAULT true NOT NULL
)
WITH (fillfactor='70');

CREATE TABLE document_hosts (
    host text NOT NULL,
    disabled_at timestamp with time zone NOT NULL
);

CREATE TABLE epochs (
    name text NOT NULL,
    not_before timestamp with time zone NOT NULL
);

CREATE TABLE functions (
    name text NOT NULL,
    hash text NOT NULL
);

CREATE TABLE grants (
    id uuid NOT NULL,
    user_id uuid,
    client_id text,
    session_id uuid,
    grant_type text NOT NULL,
    scope text NOT NULL,
    resources text[] DEFAULT '{}'::text[] NOT NULL,
    session_bound boolean DEFAULT false NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone,
    revoked_at timestamp with time zone,
    openid jsonb,
    client_digest bytea
);

CREATE TABLE group_members (
    group_id uuid NOT NULL,
    user_id uuid NOT NULL,
    owner boolean DEFAULT false NOT NULL,
    since timestamp with time zone NOT NULL
);

CREATE TABLE groups (
    id uuid NOT NULL,
    name text NOT NULL,
    name_key text NOT NULL,
    description text DEFAULT ''::text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    members integer DEFAULT 0 NOT NULL
);

CREATE TABLE last_uses (
    client_id text NOT NULL,
    day date NOT NULL
);

CREATE TABLE logout_notices (
    id uuid NOT NULL,
    client_id text NOT NULL,
    user_id uuid NOT NULL,
    session_id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    next_at timestamp with time zone DEFAULT '-infinity'::timestamp with time zone NOT NULL
);

CREATE TABLE logout_receivers (
    client_id text NOT NULL,
    failures integer NOT NULL,
    next_at timestamp with time zone NOT NULL
);

CREATE TABLE migrations (
    name text NOT NULL,
    applied_at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE outbox (
    id uuid NOT NULL,
    template text NOT NULL,
    recipient text NOT NULL,
    user_id uuid,
    detail jsonb NOT NULL,
    secret bytea,
    created_at timestamp with time zone NOT NULL,
    due_at timestamp with time zone DEFAULT '-infinity'::timestamp with time zone NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    reason text,
    sent_at timestamp with time zone,
    given_up_at timestamp with time zone,
    lent_until timestamp with time zone
);

CREATE VIEW partition_bounds AS
 SELECT (p.relname)::text AS parent,
    (c.relname)::text AS name,
    to_date("substring"((c.relname)::text, '_(\d{8})_\d{8}$'::text), 'YYYYMMDD'::text) AS first,
    to_date("substring"((c.relname)::text, '_\d{8}_(\d{8})$'::text), 'YYYYMMDD'::text) AS beyond,
    (GREATEST(c.reltuples, (0)::real))::bigint AS about,
    pg_total_relation_size((c.oid)::regclass) AS bytes
   FROM ((pg_inherits i
     JOIN pg_class p ON (((p.oid = i.inhparent) AND (p.relkind = 'p'::"char") AND (p.relnamespace = (("current_schema"())::regnamespace)::oid))))
     JOIN pg_class c ON ((c.oid = i.inhrelid)));

CREATE TABLE passkey_offers (
    user_id uuid NOT NULL,
    offered_at timestamp with time zone NOT NULL,
    declined boolean DEFAULT false NOT NULL
);

CREATE TABLE passkeys (
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    user_handle bytea NOT NULL,
    credential_id bytea NOT NULL,
    public_key bytea NOT NULL,
    sign_count bigint NOT NULL,
    transports text[] NOT NULL,
    aaguid uuid NOT NULL,
    name text NOT NULL,
    discoverable boolean,
    backup_eligible boolean NOT NULL,
    backed_up boolean NOT NULL,
    created_at timestamp with time zone NOT NULL,
    last_used_at timestamp with time zone,
    doubted_at timestamp with time zone,
    upgraded boolean DEFAULT false NOT NULL
);

CREATE TABLE pending_logins (
    digest bytea NOT NULL,
    user_id uuid NOT NULL,
    auth_time timestamp with time zone NOT NULL,
    remembered boolean NOT NULL,
    amr text[] NOT NULL,
    address inet,
    expires_at timestamp with time zone NOT NULL,
    codes smallint DEFAULT 0 NOT NULL,
    CONSTRAINT pending_logins_digest_check CHECK ((octet_length(digest) = 32))
);

CREATE TABLE personal_tokens (
    grant_id uuid NOT NULL,
    digest bytea NOT NULL,
    user_id uuid,
    client_id text,
    name text NOT NULL,
    used_at timestamp with time zone,
    CONSTRAINT personal_tokens_check CHECK ((num_nonnulls(user_id, client_id) = 1))
);

CREATE TABLE progress (
    task text NOT NULL,
    until timestamp with time zone NOT NULL
);

CREATE TABLE pushed_requests (
    digest bytea NOT NULL,
    client_id text NOT NULL,
    parameters text NOT NULL,
    browser bytea,
    expires_at timestamp with time zone NOT NULL
);

CREATE TABLE recovery_codes (
    user_id uuid NOT NULL,
    digest bytea NOT NULL,
    created_at timestamp with time zone NOT NULL,
    used_at timestamp with time zone,
    CONSTRAINT recovery_codes_digest_check CHECK ((octet_length(digest) = 32))
);

CREATE TABLE refresh_tokens (
    day date NOT NULL,
    digest bytea NOT NULL,
    grant_id uuid NOT NULL,
    scope text NOT NULL,
    issued_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    used_at timestamp with time zone,
    successor_day date,
    successor_digest bytea,
    successor bytea,
    confirmation text
)
PARTITION BY RANGE (day);

CREATE TABLE refusals (
    day date NOT NULL,
    id text NOT NULL,
    at timestamp with time zone NOT NULL,
    endpoint text NOT NULL,
    error text NOT NULL,
    failed text NOT NULL,
    expected text NOT NULL,
    got text NOT NULL,
    client_id text,
    grant_type text,
    address text,
    presented text DEFAULT ''::text NOT NULL,
    user_id uuid
)
PARTITION BY RANGE (day);

CREATE TABLE refused_logins (
    user_id uuid NOT NULL,
    kind text NOT NULL,
    count bigint NOT NULL,
    since timestamp with time zone NOT NULL,
    at timestamp with time zone NOT NULL,
    address inet,
    until timestamp with time zone,
    buckets bytea[] DEFAULT '{}'::bytea[] NOT NULL
);

CREATE TABLE registration_tokens (
    id uuid NOT NULL,
    digest bytea NOT NULL,
    scopes text[] DEFAULT '{}'::text[] NOT NULL,
    uses_left integer,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone,
    revoked_at timestamp with time zone,
    CONSTRAINT registration_tokens_uses_left_check CHECK ((uses_left >= 0))
);

CREATE TABLE registrations (
    day date NOT NULL,
    network inet NOT NULL,
    number integer NOT NULL
)
PARTITION BY RANGE (day);

CREATE TABLE remembered_browsers (
    digest bytea NOT NULL,
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    user_agent text,
    CONSTRAINT remembered_browsers_digest_check CHECK ((octet_length(digest) = 32))
);

CREATE TABLE repeated_requests (
    token bytea NOT NULL,
    key text NOT NULL,
    input bytea NOT NULL,
    answer bytea,
    created_at timestamp with time zone NOT NULL
);

CREATE TABLE replays (
    day date NOT NULL,
    digest bytea NOT NULL
)
PARTITION BY RANGE (day);

CREATE TABLE resources (
    uri text NOT NULL,
    scopes text[] DEFAULT '{}'::text[] NOT NULL,
    token_format text DEFAULT 'opaque'::text NOT NULL,
    lifetime integer NOT NULL,
    client_id text,
    created_at timestamp with time zone NOT NULL,
    disabled_at timestamp with time zone,
    signing_alg text DEFAULT 'ES256'::text NOT NULL,
    normal text,
    clients text DEFAULT 'administered'::text NOT NULL,
    allowed_clients text[] DEFAULT '{}'::text[] NOT NULL,
    clients_since timestamp with time zone DEFAULT '-infinity'::timestamp with time zone NOT NULL,
    CONSTRAINT resources_clients_check CHECK ((clients = ANY (ARRAY['administered'::text, 'all'::text, 'named'::text]))),
    CONSTRAINT resources_lifetime_check CHECK ((lifetime > 0)),
    CONSTRAINT resources_token_format_check CHECK ((token_format = ANY (ARRAY['opaque'::text, 'jwt'::text])))
);

CREATE TABLE role_grants (
    role text NOT NULL,
    client_id text,
    user_id uuid,
    group_id uuid,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT role_grants_check CHECK ((num_nonnulls(user_id, group_id) = 1))
);

CREATE TABLE scope_groups (
    scope text NOT NULL,
    group_id uuid NOT NULL
);

CREATE TABLE scopes (
    name text NOT NULL,
    description text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    claims text[] DEFAULT '{}'::text[] NOT NULL,
    restricted boolean DEFAULT false NOT NULL,
    acr text,
    derived boolean DEFAULT false NOT NULL
);

CREATE TABLE service (
    single boolean DEFAULT true NOT NULL,
    issuer text NOT NULL,
    noted_at timestamp with time zone NOT NULL,
    CONSTRAINT service_single_check CHECK (single)
);

CREATE TABLE sessions (
    day date NOT NULL,
    digest bytea NOT NULL,
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    auth_time timestamp with time zone NOT NULL,
    seen_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    remembered boolean DEFAULT false NOT NULL,
    amr text[] DEFAULT '{pwd}'::text[] NOT NULL,
    step integer DEFAULT 0 NOT NULL,
    stepped_at timestamp with time zone DEFAULT now() NOT NULL,
    user_agent text,
    address inet,
    codes smallint DEFAULT 0 NOT NULL
)
PARTITION BY RANGE (day);

CREATE TABLE setup (
    single boolean DEFAULT true NOT NULL,
    digest bytea,
    expires_at timestamp with time zone,
    closed_at timestamp with time zone,
    CONSTRAINT setup_single_check CHECK (single)
);

CREATE TABLE signing_keys (
    kid text NOT NULL,
    alg text NOT NULL,
    generation integer NOT NULL,
    public_key jsonb NOT NULL,
    private_key bytea NOT NULL,
    published_at timestamp with time zone NOT NULL,
    active_at timestamp with time zone NOT NULL,
    removed_at timestamp with time zone
);

CREATE TABLE totp_secrets (
    user_id uuid NOT NULL,
    sealed bytea NOT NULL,
    last_step bigint NOT NULL,
    created_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY access_tokens
    ADD CONSTRAINT access_tokens_pkey PRIMARY KEY (digest, day);

ALTER TABLE ONLY audit_events
    ADD CONSTRAINT audit_events_pkey PRIMARY KEY (id, day);

ALTER TABLE ONLY authorization_codes
    ADD CONSTRAINT authorization_codes_pkey PRIMARY KEY (digest, day);

ALTER TABLE ONLY buckets
    ADD CONSTRAINT buckets_pkey PRIMARY KEY (name);

ALTER TABLE ONLY client_documents
    ADD CONSTRAINT client_documents_pkey PRIMARY KEY (client_id);

ALTER TABLE ONLY client_groups
    ADD CONSTRAINT client_groups_pkey PRIMARY KEY (client_id, group_id);

ALTER TABLE ONLY client_secrets
    ADD CONSTRAINT client_secrets_pkey PRIMARY KEY (id);

ALTER TABLE ONLY client_uses
    ADD CONSTRAINT client_uses_pkey PRIMARY KEY (client_id);

ALTER TABLE ONLY clients
    ADD CONSTRAINT clients_pkey PRIMARY KEY (id);

ALTER TABLE ONLY consents
    ADD CONSTRAINT consents_pkey PRIMARY KEY (user_id, client_id);

ALTER TABLE ONLY device_codes
    ADD CONSTRAINT device_codes_pkey PRIMARY KEY (digest);

ALTER TABLE ONLY device_codes
    ADD CONSTRAINT device_codes_user_code_key UNIQUE (user_code);

ALTER TABLE ONLY document_hosts
    ADD CONSTRAINT document_hosts_pkey PRIMARY KEY (host);

ALTER TABLE ONLY epochs
    ADD CONSTRAINT epochs_pkey PRIMARY KEY (name);

ALTER TABLE ONLY functions
    ADD CONSTRAINT functions_pkey PRIMARY KEY (name);

ALTER TABLE ONLY grants
    ADD CONSTRAINT grants_pkey PRIMARY KEY (id);

ALTER TABLE ONLY group_members
    ADD CONSTRAINT group_members_pkey PRIMARY KEY (group_id, user_id);

ALTER TABLE ONLY groups
    ADD CONSTRAINT groups_name_key_key UNIQUE (name_key);

ALTER TABLE ONLY groups
    ADD CONSTRAINT groups_pkey PRIMARY KEY (id);

ALTER TABLE ONLY last_uses
    ADD CONSTRAINT last_uses_pkey PRIMARY KEY (client_id);

ALTER TABLE ONLY links
    ADD CONSTRAINT links_pkey PRIMARY KEY (digest);

ALTER TABLE ONLY logout_notices
    ADD CONSTRAINT logout_notices_pkey PRIMARY KEY (id);

ALTER TABLE ONLY logout_receivers
    ADD CONSTRAINT logout_receivers_pkey PRIMARY KEY (client_id);

ALTER TABLE ONLY migrations
    ADD CONSTRAINT migrations_pkey PRIMARY KEY (name);

ALTER TABLE ONLY outbox
    ADD CONSTRAINT outbox_pkey PRIMARY KEY (id);

ALTER TABLE ONLY passkey_offers
    ADD CONSTRAINT passkey_offers_pkey PRIMARY KEY (user_id);

ALTER TABLE ONLY passkeys
    ADD CONSTRAINT passkeys_credential_id_key UNIQUE (credential_id);

ALTER TABLE ONLY passkeys
    ADD CONSTRAINT passkeys_pkey PRIMARY KEY (id);

ALTER TABLE ONLY pending_logins
    ADD CONSTRAINT pending_logins_pkey PRIMARY KEY (digest);

ALTER TABLE ONLY personal_tokens
    ADD CONSTRAINT personal_tokens_digest_key UNIQUE (digest);

ALTER TABLE ONLY personal_tokens
    ADD CONSTRAINT personal_tokens_pkey PRIMARY KEY (grant_id);

ALTER TABLE ONLY progress
    ADD CONSTRAINT progress_pkey PRIMARY KEY (task);

ALTER TABLE ONLY pushed_requests
    ADD CONSTRAINT pushed_requests_pkey PRIMARY KEY (digest);

ALTER TABLE ONLY recovery_codes
    ADD CONSTRAINT recovery_codes_pkey PRIMARY KEY (user_id, digest);

ALTER TABLE ONLY refresh_tokens
    ADD CONSTRAINT refresh_tokens_pkey PRIMARY KEY (digest, day);

ALTER TABLE ONLY refusals
    ADD CONSTRAINT refusals_pkey PRIMARY KEY (id, day);

ALTER TABLE ONLY refused_logins
    ADD CONSTRAINT refused_logins_pkey PRIMARY KEY (user_id, kind);

ALTER TABLE ONLY registration_tokens
    ADD CONSTRAINT registration_tokens_digest_key UNIQUE (digest);

ALTER TABLE ONLY registration_tokens
    ADD CONSTRAINT registration_tokens_pkey PRIMARY KEY (id);

ALTER TABLE ONLY registrations
    ADD CONSTRAINT registrations_pkey PRIMARY KEY (network, day);

ALTER TABLE ONLY remembered_browsers
    ADD CONSTRAINT remembered_browsers_id_key UNIQUE (id);

ALTER TABLE ONLY remembered_browsers
    ADD CONSTRAINT remembered_browsers_pkey PRIMARY KEY (digest);

ALTER TABLE ONLY repeated_requests
    ADD CONSTRAINT repeated_requests_pkey PRIMARY KEY (token, key);

ALTER TABLE ONLY replays
    ADD CONSTRAINT replays_pkey PRIMARY KEY (digest, day);

ALTER TABLE ONLY resources
    ADD CONSTRAINT resources_normal_key UNIQUE (normal);

ALTER TABLE ONLY resources
    ADD CONSTRAINT resources_pkey PRIMARY KEY (uri);

ALTER TABLE ONLY scope_groups
    ADD CONSTRAINT scope_groups_pkey PRIMARY KEY (scope, group_id);

ALTER TABLE ONLY scopes
    ADD CONSTRAINT scopes_pkey PRIMARY KEY (name);

ALTER TABLE ONLY service
    ADD CONSTRAINT service_pkey PRIMARY KEY (single);

ALTER TABLE ONLY sessions
    ADD CONSTRAINT sessions_pkey PRIMARY KEY (digest, day);

ALTER TABLE ONLY setup
    ADD CONSTRAINT setup_pkey PRIMARY KEY (single);

ALTER TABLE ONLY signing_keys
    ADD CONSTRAINT signing_keys_alg_generation_key UNIQUE (alg, generation);

ALTER TABLE ONLY signing_keys
    ADD CONSTRAINT signing_keys_pkey PRIMARY KEY (kid);

ALTER TABLE ONLY totp_secrets
    ADD CONSTRAINT totp_secrets_pkey PRIMARY KEY (user_id);

ALTER TABLE ONLY users
    ADD CONSTRAINT users_email_key_key UNIQUE (email_key);

ALTER TABLE ONLY users
    ADD CONSTRAINT users_pkey PRIMARY KEY (id);

ALTER TABLE ONLY users
    ADD CONSTRAINT users_username_key_key UNIQUE (username_key);

CREATE INDEX audit_events_actor ON ONLY audit_events USING btree (actor, at);

CREATE INDEX audit_events_at ON ONLY audit_events USING btree (at);

CREATE INDEX audit_events_client ON ONLY audit_events USING btree (client, at) WHERE (client IS NOT NULL);

CREATE INDEX audit_events_kind ON ONLY audit_events USING btree (kind, at);

CREATE INDEX audit_events_logins ON ONLY audit_events USING btree (subject, at) WHERE (kind = ANY (ARRAY['session.begun'::text, 'session.renewed'::text, 'user.disabled'::text]));

CREATE INDEX audit_events_network ON ONLY audit_events USING btree (network(set_masklen(address,
CASE family(address)
    WHEN 4 THEN 24
    ELSE 48
END)), at) WHERE (address IS NOT NULL);

CREATE INDEX audit_events_subject ON ONLY audit_events USING btree (subject, at) WHERE (subject IS NOT NULL);

CREATE INDEX buckets_full_at ON buckets USING btree (full_at);

CREATE INDEX client_documents_host ON client_documents USING btree (host);

CREATE INDEX client_groups_group_id ON client_groups USING btree (group_id);

CREATE INDEX client_secrets_client_id ON client_secrets USING btree (client_id);

CREATE INDEX client_secrets_digest ON client_secrets USING btree (digest);

CREATE INDEX clients_disabled ON clients USING btree (lower(name) COLLATE "C", id COLLATE "C") WHERE (disabled_at IS NOT NULL);

CREATE INDEX clients_folded_id ON clients USING btree (lower(id));

CREATE INDEX clients_in_order ON clients USING btree (lower(name) COLLATE "C", id COLLATE "C");

CREATE INDEX clients_of_owner ON clients USING btree (owner_id, lower(name) COLLATE "C", id COLLATE "C") WHERE (owner_id IS NOT NULL);

CREATE INDEX clients_of_strangers ON clients USING btree (created_at) WHERE ((registration_digest IS NOT NULL) AND (registration_token_id IS NULL));

CREATE INDEX clients_of_themselves ON clients USING btree (lower(name) COLLATE "C", id COLLATE "C") WHERE (registration_digest IS NOT NULL);

CREATE INDEX clients_scopes ON clients USING gin (scopes);

CREATE INDEX consents_client_id ON consents USING btree (client_id, user_id);

CREATE INDEX device_codes_client_id ON device_codes USING btree (client_id);

CREATE INDEX device_codes_expires_at ON device_codes USING btree (expires_at);

CREATE INDEX grants_expires_at ON grants USING btree (expires_at) WHERE (expires_at IS NOT NULL);

CREATE INDEX grants_of_client ON grants USING btree (client_id, id);

CREATE INDEX grants_of_services ON grants USING btree (expires_at) WHERE ((user_id IS NULL) AND (expires_at IS NOT NULL) AND (revoked_at IS NULL));

CREATE INDEX grants_of_user ON grants USING btree (user_id, id) WHERE (user_id IS NOT NULL);

CREATE INDEX grants_of_user_and_client ON grants USING btree (user_id, client_id, id) WHERE (user_id IS NOT NULL);

CREATE INDEX grants_revoked_at ON grants USING btree (revoked_at) WHERE (revoked_at IS NOT NULL);

CREATE INDEX grants_session_id ON grants USING btree (session_id) WHERE ((openid IS NOT NULL) OR session_bound);

CREATE INDEX group_members_user_id ON group_members USING btree (user_id);

CREATE INDEX groups_in_order ON groups USING btree (name_key COLLATE "C");

CREATE INDEX last_uses_in_order ON last_uses USING btree (day, client_id);

CREATE UNIQUE INDEX links_id ON links USING btree (id);

CREATE INDEX links_in_order ON links USING btree (expires_at, id);

CREATE INDEX links_to_passwords ON links USING btree (expires_at, id) WHERE ((kind = ANY (ARRAY['invite'::text, 'reset'::text])) AND (used_at IS NULL));

CREATE INDEX links_user_id ON links USING btree (user_id, kind);

CREATE INDEX logout_notices_client_id ON logout_notices USING btree (client_id, next_at);

CREATE INDEX outbox_by_state ON outbox USING btree ((
CASE
    WHEN (sent_at IS NOT NULL) THEN 'delivered'::text
    WHEN (given_up_at IS NOT NULL) THEN 'failed'::text
    ELSE 'waiting'::text
END), created_at, id);

CREATE INDEX outbox_due ON outbox USING btree (due_at, created_at) WHERE ((sent_at IS NULL) AND (given_up_at IS NULL));

CREATE INDEX outbox_ended ON outbox USING btree (COALESCE(sent_at, given_up_at)) WHERE ((sent_at IS NOT NULL) OR (given_up_at IS NOT NULL));

CREATE INDEX outbox_given_up ON outbox USING btree (given_up_at) WHERE (given_up_at IS NOT NULL);

CREATE INDEX outbox_in_order ON outbox USING btree (created_at, id);

CREATE INDEX outbox_of_user ON outbox USING btree (user_id, created_at, id) WHERE (user_id IS NOT NULL);

CREATE INDEX passkeys_user_id ON passkeys USING btree (user_id);

CREATE INDEX pending_logins_expires_at ON pending_logins USING btree (expires_at);

CREATE INDEX pending_logins_user_id ON pending_logins USING btree (user_id);

CREATE INDEX personal_tokens_of_client ON personal_tokens USING btree (client_id, grant_id) WHERE (client_id IS NOT NULL);

CREATE INDEX personal_tokens_of_user ON personal_tokens USING btree (user_id, grant_id) WHERE (user_id IS NOT NULL);

CREATE INDEX pushed_requests_expires_at ON pushed_requests USING btree (expires_at);

CREATE INDEX refusals_at ON ONLY refusals USING btree (at, id);

CREATE INDEX refusals_client_id ON ONLY refusals USING btree (client_id, at) WHERE (client_id IS NOT NULL);

CREATE INDEX refusals_endpoint ON ONLY refusals USING btree (endpoint, at, id);

CREATE INDEX refusals_error ON ONLY refusals USING btree (error, at, id);

CREATE INDEX refusals_user_id ON ONLY refusals USING btree (user_id, at, id) WHERE (user_id IS NOT NULL);

CREATE INDEX refused_logins_at ON refused_logins USING btree (at);

CREATE INDEX remembered_browsers_expires_at ON remembered_browsers USING btree (expires_at);

CREATE INDEX remembered_browsers_user_id ON remembered_browsers USING btree (user_id);

CREATE INDEX repeated_requests_created_at ON repeated_requests USING btree (created_at);

CREATE INDEX role_grants_of_client ON role_grants USING btree (client_id, role, COALESCE(client_id, ''::text), COALESCE(user_id, group_id)) WHERE (client_id IS NOT NULL);

CREATE INDEX role_grants_of_group ON role_grants USING btree (group_id, role, COALESCE(client_id, ''::text), COALESCE(user_id, group_id)) WHERE (group_id IS NOT NULL);

CREATE INDEX role_grants_of_user ON role_grants USING btree (user_id, role, COALESCE(client_id, ''::text), COALESCE(user_id, group_id)) WHERE (user_id IS NOT NULL);

CREATE UNIQUE INDEX role_grants_once ON role_grants USING btree (role, COALESCE(client_id, ''::text), COALESCE(user_id, group_id));

CREATE INDEX scope_groups_group_id ON scope_groups USING btree (group_id);

CREATE INDEX sessions_id ON ONLY sessions USING btree (id);

CREATE INDEX sessions_of_user ON ONLY sessions USING btree (user_id, id);

CREATE INDEX users_administrators ON users USING btree (id) WHERE superuser;

CREATE INDEX users_by_email ON users USING btree (email_key COLLATE "C") WHERE (email_key IS NOT NULL);

CREATE INDEX users_delete_at ON users USING btree (delete_at) WHERE (delete_at IS NOT NULL);

CREATE INDEX users_in_order ON users USING btree (username_key COLLATE "C");

CREATE TRIGGER audit_events_capped BEFORE INSERT ON audit_events FOR EACH ROW WHEN ((length((new.detail)::text) > 256)) EXECUTE FUNCTION cap_detail();

CREATE TRIGGER audit_events_stay BEFORE DELETE OR UPDATE ON audit_events FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TRIGGER client_secrets_changed AFTER INSERT OR DELETE OR UPDATE ON client_secrets FOR EACH ROW EXECUTE FUNCTION tell_of_client('client_id');

CREATE TRIGGER client_uses_kept AFTER INSERT OR UPDATE ON client_uses FOR EACH ROW EXECUTE FUNCTION keep_last_use();

CREATE TRIGGER clients_await_use AFTER INSERT ON clients FOR EACH ROW EXECUTE FUNCTION await_use();

CREATE TRIGGER clients_changed AFTER INSERT OR DELETE OR UPDATE ON clients FOR EACH ROW EXECUTE FUNCTION tell_of_client('id');

CREATE TRIGGER clients_metadata BEFORE INSERT OR UPDATE ON clients FOR EACH ROW EXECUTE FUNCTION keep_client_metadata();

CREATE TRIGGER clients_unchanged BEFORE UPDATE ON clients FOR EACH ROW EXECUTE FUNCTION leave_unchanged();

CREATE TRIGGER consents_without_resources BEFORE INSERT ON consents FOR EACH ROW WHEN ((NOT (new.resources ? ''::text))) EXECUTE FUNCTION consent_without_resources();

CREATE TRIGGER grants_consented AFTER INSERT ON grants FOR EACH ROW WHEN (((new.user_id IS NOT NULL) AND (new.resources <> '{}'::text[]))) EXECUTE FUNCTION consent_to_resources();

CREATE TRIGGER group_members_joined AFTER INSERT ON group_members REFERENCING NEW TABLE AS moved FOR EACH STATEMENT EXECUTE FUNCTION derive_from_members();

CREATE TRIGGER group_members_left AFTER DELETE ON group_members REFERENCING OLD TABLE AS moved FOR EACH STATEMENT EXECUTE FUNCTION derive_from_members();

CREATE TRIGGER resources_changed AFTER INSERT OR DELETE OR UPDATE ON resources FOR EACH ROW EXECUTE FUNCTION tell_servers('resources');

CREATE TRIGGER role_grants_given AFTER INSERT ON role_grants REFERENCING NEW TABLE AS moved FOR EACH STATEMENT EXECUTE FUNCTION derive_from_roles();

CREATE TRIGGER role_grants_taken AFTER DELETE ON role_grants REFERENCING OLD TABLE AS moved FOR EACH STATEMENT EXECUTE FUNCTION derive_from_roles();

CREATE TRIGGER scope_groups_changed AFTER INSERT OR DELETE OR UPDATE ON scope_groups FOR EACH ROW EXECUTE FUNCTION tell_servers('scopes');

CREATE TRIGGER scopes_changed AFTER INSERT OR DELETE OR UPDATE ON scopes FOR EACH ROW EXECUTE FUNCTION tell_servers('scopes');

CREATE TRIGGER sessions_ended AFTER DELETE ON sessions FOR EACH ROW EXECUTE FUNCTION end_bound_grants();

CREATE TRIGGER signing_keys_changed AFTER INSERT OR DELETE OR UPDATE ON signing_keys FOR EACH ROW EXECUTE FUNCTION tell_servers('signing_keys');

CREATE TRIGGER users_administrated AFTER INSERT OR UPDATE OF superuser ON users FOR EACH ROW WHEN (new.superuser) EXECUTE FUNCTION close_setup();

CREATE TRIGGER users_ended_grants AFTER UPDATE OF not_before, applications_not_before ON users FOR EACH ROW WHEN (((new.not_before > old.not_before) OR (new.applications_not_before > old.applications_not_before))) EXECUTE FUNCTION forget_consents();

CREATE TRIGGER users_made_administrators AFTER INSERT ON users FOR EACH ROW WHEN (new.superuser) EXECUTE FUNCTION derive_role();

CREATE TRIGGER users_renamed AFTER UPDATE OF name, username ON users FOR EACH ROW WHEN (((old.name IS DISTINCT FROM new.name) OR (old.username IS DISTINCT FROM new.username))) EXECUTE FUNCTION tell_of_owner();

CREATE TRIGGER users_role_written AFTER UPDATE OF superuser ON users FOR EACH ROW WHEN ((old.superuser IS DISTINCT FROM new.superuser)) EXECUTE FUNCTION derive_role();

CREATE TRIGGER users_unchanged BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION leave_unchanged();

ALTER TABLE ONLY client_documents
    ADD CONSTRAINT client_documents_client_id_fkey FOREIGN KEY (client_id) REFERENCES clients(id) ON DELETE CASCADE;

ALTER TABLE ONLY client_groups
    ADD CONSTRAINT client_groups_client_id_fkey FOREIGN KEY (client_id) REFERENCES clients(id) ON DELETE CASCADE;

ALTER TABLE ONLY client_groups
    ADD CONSTRAINT client_groups_group_id_fkey FOREIGN KEY (group_id) REFERENCES groups(id);

ALTER TABLE ONLY client_secrets
    ADD CONSTRAINT client_secrets_client_id_fkey FOREIGN KEY (client_id) REFERENCES clients(id) ON DELETE CASCADE;

ALTER TABLE ONLY clients
    ADD CONSTRAINT clients_owner_id_fkey FOREIGN KEY (owner_id) REFERENCES users(id) ON DELETE SET NULL;

ALTER TABLE ONLY consents
    ADD CONSTRAINT consents_client_id_fkey FOREIGN KEY (client_id) REFERENCES clients(id) ON DELETE CASCADE;

ALTER TABLE ONLY consents
    ADD CONSTRAINT consents_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE;

ALTER TABLE ONLY device_codes
    ADD CONSTRAINT device_codes_client_id_fkey FOREIGN KEY (client_id) REFERENCES clients(id) ON DELETE CASCADE;

ALTER TABLE ONLY group_members
    ADD CONSTRAINT group_members_group_id_fkey FOREIGN KEY (group_id) REFERENCES groups(id) ON DELETE CASCADE;

ALTER TABLE ONLY group_members
    ADD CONSTRAINT group_members_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE;

ALTER TABLE ONLY last_uses
    ADD CONSTRAINT last_uses_client_id_fkey FOREIGN KEY (client_id) REFERENCES clients(id) ON DELETE CASCADE;

ALTER TABLE ONLY links
    ADD CONSTRAINT links_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE;

ALTER TABLE ONLY logout_notices
    ADD CONSTRAINT logout_notices_client_id_fkey FOREIGN KEY (client_id) REFERENCES clients(id) ON DELETE CASCADE;

ALTER TABLE ONLY logout_receivers
    ADD CONSTRAINT logout_receivers_client_id_fkey FOREIGN KEY (client_id) REFERENCES clients(id) ON DELETE CASCADE;

ALTER TABLE ONLY passkey_offers
    ADD CONSTRAINT passkey_offers_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE;

ALTER TABLE ONLY passkeys
    ADD CONSTRAINT passkeys_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE;

ALTER TABLE ONLY pending_logins
    ADD CONSTRAINT pending_logins_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE;

ALTER TABLE ONLY personal_tokens
    ADD CONSTRAINT personal_tokens_client_id_fkey FOREIGN KEY (client_id) REFERENCES clients(id) ON DELETE CASCADE;

ALTER TABLE ONLY personal_tokens
    ADD CONSTRAINT personal_tokens_grant_id_fkey FOREIGN KEY (grant_id) REFERENCES grants(id) ON DELETE CASCADE;

ALTER TABLE ONLY personal_tokens
    ADD CONSTRAINT personal_tokens_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE;

ALTER TABLE ONLY recovery_codes
    ADD CONSTRAINT recovery_codes_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE;

ALTER TABLE ONLY refused_logins
    ADD CONSTRAINT refused_logins_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE;

ALTER TABLE ONLY remembered_browsers
    ADD CONSTRAINT remembered_browsers_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE;

ALTER TABLE ONLY resources
    ADD CONSTRAINT resources_client_id_fkey FOREIGN KEY (client_id) REFERENCES clients(id) ON DELETE SET NULL;

ALTER TABLE ONLY role_grants
    ADD CONSTRAINT role_grants_client_id_fkey FOREIGN KEY (client_id) REFERENCES clients(id) ON DELETE CASCADE;

ALTER TABLE ONLY role_grants
    ADD CONSTRAINT role_grants_group_id_fkey FOREIGN KEY (group_id) REFERENCES groups(id) ON DELETE CASCADE;

ALTER TABLE ONLY role_grants
    ADD CONSTRAINT role_grants_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE;

ALTER TABLE ONLY scope_groups
    ADD CONSTRAINT scope_groups_group_id_fkey FOREIGN KEY (group_id) REFERENCES groups(id);

ALTER TABLE ONLY scope_groups
    ADD CONSTRAINT scope_groups_scope_fkey FOREIGN KEY (scope) REFERENCES scopes(name) ON DELETE CASCADE;

ALTER TABLE sessions
    ADD CONSTRAINT sessions_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE;

ALTER TABLE ONLY totp_secrets
    ADD CONSTRAINT totp_secrets_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE;
