
SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET transaction_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

CREATE FUNCTION public.admit_server(role text) RETURNS void
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
        elsif known.name = 'migrations' then
            execute format('grant select on %I to %I', known.name, role);
        else
            execute format('grant select, insert, update, delete on %I to %I', known.name, role);
        end if;
    end loop;
    execute format('grant execute on function tend_partitions(text, date, integer, integer) to %I', role);
end
$$;

CREATE FUNCTION public.audit_capped(value jsonb) RETURNS jsonb
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

CREATE FUNCTION public.audit_day(at timestamp with time zone) RETURNS date
    LANGUAGE sql IMMUTABLE
    AS $$
    select (at at time zone 'UTC')::date + 400
$$;

CREATE FUNCTION public.audit_digest(value jsonb) RETURNS jsonb
    LANGUAGE sql STABLE
    AS $_$
    select jsonb_build_object('sha256', encode(sha256(convert_to($1::text, 'UTF8')), 'hex'), 'length', length($1::text))
$_$;

CREATE FUNCTION public.audit_month(day date) RETURNS date
    LANGUAGE sql IMMUTABLE
    AS $$
    select date_trunc('month', (day - 400)::timestamp)::date + 400
$$;

CREATE FUNCTION public.audit_months() RETURNS TABLE(name text, since date, until date, events bigint, bytes bigint)
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

CREATE FUNCTION public.cap_detail() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    new.detail := (select jsonb_object_agg(left(m.key, 64), audit_capped(m.value)) from (
        select * from jsonb_each(new.detail) limit 64
    ) m);
    return new;
end
$$;

CREATE FUNCTION public.close_setup() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    update setup s set digest = null, closed_at = new.updated_at where s.closed_at is null;
    return null;
end
$$;

CREATE FUNCTION public.consent_to_resources() RETURNS trigger
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

CREATE FUNCTION public.consent_without_resources() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    new.resources := new.resources || jsonb_build_object('', to_jsonb(new.scopes));
    return new;
end
$$;

CREATE FUNCTION public.consented_with(before jsonb, allowed jsonb) RETURNS jsonb
    LANGUAGE sql IMMUTABLE
    AS $_$
    select coalesce(jsonb_object_agg(merged.uri, merged.names), '{}') from (
        select each.uri, coalesce(jsonb_agg(distinct s.name) filter (where s.name is not null), '[]') as names
        from (select * from jsonb_each($1) union all select * from jsonb_each($2)) each (uri, names)
        left join lateral jsonb_array_elements_text(each.names) s (name) on true
        group by each.uri
    ) merged
$_$;

CREATE FUNCTION public.end_bound_grants() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    if exists (select from sessions s where s.id = old.id) then
        return null;
    end if;
    update grants set revoked_at = now() where session_id = old.id and session_bound and revoked_at is null;
    insert into logout_notices (id, client_id, user_id, session_id, created_at)
    select gen_random_uuid(), c.id, old.user_id, old.id, now()
    from clients c
    where c.id in (select g.client_id from grants g where g.session_id = old.id and g.openid is not null)
        and c.disabled_at is null and c.openid ->> 'backchannel_logout_uri' is not null
    for key share of c;  -- whoever deletes it is waited for, and then it is none
    if found then
        perform pg_notify('iam_changed', 'logout_notices');
    end if;
    return null;
end
$$;

CREATE FUNCTION public.leave_unchanged() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    if to_jsonb(new) - 'updated_at' = to_jsonb(old) - 'updated_at' then
        return null;
    end if;
    return new;
end
$$;

CREATE FUNCTION public.lifetime_for(audience text[]) RETURNS integer
    LANGUAGE sql STABLE
    AS $_$
    select min(r.lifetime) from resources r where r.uri = any ($1)
$_$;

CREATE FUNCTION public.logout_pause(failures integer) RETURNS interval
    LANGUAGE sql IMMUTABLE
    AS $$
    select make_interval(secs => least(3600, 5 * 2 ^ least(failures - 1, 12)))
$$;

CREATE FUNCTION public.may_be_another_stranger(most integer) RETURNS boolean
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

CREATE FUNCTION public.may_live(grant_id uuid, at timestamp with time zone, since timestamp with time zone, audience text[], via text) RETURNS TABLE(id uuid, client_id text, user_id uuid, username text, session_id uuid, grant_type text, scope text, resources text[], created_at timestamp with time zone, expires_at timestamp with time zone, openid jsonb)
    LANGUAGE sql STABLE ROWS 1
    AS $_$
    select g.id, g.client_id, g.user_id, u.username, g.session_id, g.grant_type,
        g.scope, g.resources, g.created_at, g.expires_at, g.openid
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
                where k.user_id = g.user_id and k.client_id = g.client_id
                    and k.scopes @> string_to_array(g.scope, ' ') and k.resources ?& g.resources
            )
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

CREATE FUNCTION public.may_own_another(person uuid, most integer) RETURNS boolean
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

CREATE FUNCTION public.other_administrator(person uuid) RETURNS boolean
    LANGUAGE plpgsql
    AS $$
begin
    perform from users u where u.superuser and u.disabled_at is null order by u.id for no key update;
    return exists (select from users u where u.superuser and u.disabled_at is null and u.id <> person);
end
$$;

CREATE FUNCTION public.prune_audit(before date) RETURNS TABLE(name text, since date, until date, events bigint, bytes bigint)
    LANGUAGE plpgsql
    AS $$
begin
    for name, since, until, events, bytes in select m.* from audit_months() m where m.until <= before loop
        execute format('drop table %I', name);
        return next;
    end loop;
end
$$;

CREATE FUNCTION public.refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    if tg_op = 'UPDATE' and to_jsonb(new) - 'address' = to_jsonb(old) - 'address' and new.address >>= old.address then
        return new;
    end if;
    raise exception 'audit events are never changed' using errcode = 'integrity_constraint_violation';
end
$$;

CREATE FUNCTION public.rotate_client_secret(client text, method text, secret uuid, digest bytea, sealed bytea, at timestamp with time zone, until timestamp with time zone) RETURNS boolean
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

CREATE FUNCTION public.scope_at(scope text, audience text[], person uuid, client text) RETURNS text
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

CREATE FUNCTION public.scope_for(scope text, audience text[]) RETURNS text
    LANGUAGE sql STABLE
    AS $_$
    select coalesce(string_agg(asked.name, ' ' order by asked.n), '')
    from unnest(string_to_array($1, ' ')) with ordinality asked (name, n)
    where exists (
        select from resources r where r.uri = any ($2) and (r.scopes = '{}' or asked.name = any (r.scopes))
    )
$_$;

CREATE FUNCTION public.take_tokens(names bytea[], seconds double precision[], spans double precision[], at timestamp with time zone, OUT taken boolean, OUT full_ats timestamp with time zone[]) RETURNS record
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

CREATE FUNCTION public.tell_of_client() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    perform pg_notify('iam_changed', 'client ' || (coalesce(to_jsonb(new), to_jsonb(old)) ->> tg_argv[0]));
    return null;
end
$$;

CREATE FUNCTION public.tell_servers() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    perform pg_notify('iam_changed', tg_argv[0]);
    return null;
end
$$;

CREATE FUNCTION public.tend_partitions(parent text, today date, width integer, ahead integer) RETURNS TABLE(made integer, dropped integer)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
declare
    monthly boolean := parent = 'audit_events';
    day date := today - 1 + case when monthly then 400 else 0 end;
    -- with the owner's rights, for somebody else (migration 0013_two_roles): partitions go by PostgreSQL's own clock then
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

SET default_tablespace = '';

CREATE TABLE public.access_tokens (
    day date NOT NULL,
    digest bytea NOT NULL,
    grant_id uuid NOT NULL,
    scope text NOT NULL,
    audience text[],
    issued_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    revoked_at timestamp with time zone
)
PARTITION BY RANGE (day);

SET default_table_access_method = heap;

CREATE TABLE public.access_tokens_20261129_20261130 (
    day date CONSTRAINT access_tokens_day_not_null NOT NULL,
    digest bytea CONSTRAINT access_tokens_digest_not_null NOT NULL,
    grant_id uuid CONSTRAINT access_tokens_grant_id_not_null NOT NULL,
    scope text CONSTRAINT access_tokens_scope_not_null NOT NULL,
    audience text[],
    issued_at timestamp with time zone CONSTRAINT access_tokens_issued_at_not_null NOT NULL,
    expires_at timestamp with time zone CONSTRAINT access_tokens_expires_at_not_null NOT NULL,
    revoked_at timestamp with time zone
)
WITH (fillfactor='100');

CREATE TABLE public.access_tokens_20261130_20261202 (
    day date CONSTRAINT access_tokens_day_not_null NOT NULL,
    digest bytea CONSTRAINT access_tokens_digest_not_null NOT NULL,
    grant_id uuid CONSTRAINT access_tokens_grant_id_not_null NOT NULL,
    scope text CONSTRAINT access_tokens_scope_not_null NOT NULL,
    audience text[],
    issued_at timestamp with time zone CONSTRAINT access_tokens_issued_at_not_null NOT NULL,
    expires_at timestamp with time zone CONSTRAINT access_tokens_expires_at_not_null NOT NULL,
    revoked_at timestamp with time zone
)
WITH (fillfactor='100');

CREATE TABLE public.access_tokens_20261202_20261204 (
    day date CONSTRAINT access_tokens_day_not_null NOT NULL,
    digest bytea CONSTRAINT access_tokens_digest_not_null NOT NULL,
    grant_id uuid CONSTRAINT access_tokens_grant_id_not_null NOT NULL,
    scope text CONSTRAINT access_tokens_scope_not_null NOT NULL,
    audience text[],
    issued_at timestamp with time zone CONSTRAINT access_tokens_issued_at_not_null NOT NULL,
    expires_at timestamp with time zone CONSTRAINT access_tokens_expires_at_not_null NOT NULL,
    revoked_at timestamp with time zone
)
WITH (fillfactor='100');

CREATE SEQUENCE public.audit_events_n
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

CREATE TABLE public.audit_events (
    day date NOT NULL,
    n bigint DEFAULT nextval('public.audit_events_n'::regclass) NOT NULL,
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

CREATE TABLE public.audit_events_20271206_20280105 (
    day date CONSTRAINT audit_events_day_not_null NOT NULL,
    n bigint DEFAULT nextval('public.audit_events_n'::regclass) CONSTRAINT audit_events_n_not_null NOT NULL,
    id uuid DEFAULT gen_random_uuid() CONSTRAINT audit_events_id_not_null NOT NULL,
    at timestamp with time zone CONSTRAINT audit_events_at_not_null NOT NULL,
    kind text CONSTRAINT audit_events_kind_not_null NOT NULL,
    actor text CONSTRAINT audit_events_actor_not_null NOT NULL,
    subject text,
    client text,
    address inet,
    detail jsonb DEFAULT '{}'::jsonb CONSTRAINT audit_events_detail_not_null NOT NULL
)
WITH (fillfactor='100');

CREATE TABLE public.audit_events_20280105_20280205 (
    day date CONSTRAINT audit_events_day_not_null NOT NULL,
    n bigint DEFAULT nextval('public.audit_events_n'::regclass) CONSTRAINT audit_events_n_not_null NOT NULL,
    id uuid DEFAULT gen_random_uuid() CONSTRAINT audit_events_id_not_null NOT NULL,
    at timestamp with time zone CONSTRAINT audit_events_at_not_null NOT NULL,
    kind text CONSTRAINT audit_events_kind_not_null NOT NULL,
    actor text CONSTRAINT audit_events_actor_not_null NOT NULL,
    subject text,
    client text,
    address inet,
    detail jsonb DEFAULT '{}'::jsonb CONSTRAINT audit_events_detail_not_null NOT NULL
)
WITH (fillfactor='100');

CREATE TABLE public.authorization_codes (
    day date NOT NULL,
    digest bytea NOT NULL,
    grant_id uuid NOT NULL,
    client_id text NOT NULL,
    redirect_uri text NOT NULL,
    redirect_uri_sent boolean NOT NULL,
    code_challenge text,
    expires_at timestamp with time zone NOT NULL,
    used_at timestamp with time zone
)
PARTITION BY RANGE (day);

CREATE TABLE public.authorization_codes_20261129_20261130 (
    day date CONSTRAINT authorization_codes_day_not_null NOT NULL,
    digest bytea CONSTRAINT authorization_codes_digest_not_null NOT NULL,
    grant_id uuid CONSTRAINT authorization_codes_grant_id_not_null NOT NULL,
    client_id text CONSTRAINT authorization_codes_client_id_not_null NOT NULL,
    redirect_uri text CONSTRAINT authorization_codes_redirect_uri_not_null NOT NULL,
    redirect_uri_sent boolean CONSTRAINT authorization_codes_redirect_uri_sent_not_null NOT NULL,
    code_challenge text,
    expires_at timestamp with time zone CONSTRAINT authorization_codes_expires_at_not_null NOT NULL,
    used_at timestamp with time zone
)
WITH (fillfactor='55');

CREATE TABLE public.authorization_codes_20261130_20261202 (
    day date CONSTRAINT authorization_codes_day_not_null NOT NULL,
    digest bytea CONSTRAINT authorization_codes_digest_not_null NOT NULL,
    grant_id uuid CONSTRAINT authorization_codes_grant_id_not_null NOT NULL,
    client_id text CONSTRAINT authorization_codes_client_id_not_null NOT NULL,
    redirect_uri text CONSTRAINT authorization_codes_redirect_uri_not_null NOT NULL,
    redirect_uri_sent boolean CONSTRAINT authorization_codes_redirect_uri_sent_not_null NOT NULL,
    code_challenge text,
    expires_at timestamp with time zone CONSTRAINT authorization_codes_expires_at_not_null NOT NULL,
    used_at timestamp with time zone
)
WITH (fillfactor='55');

CREATE TABLE public.authorization_codes_20261202_20261204 (
    day date CONSTRAINT authorization_codes_day_not_null NOT NULL,
    digest bytea CONSTRAINT authorization_codes_digest_not_null NOT NULL,
    grant_id uuid CONSTRAINT authorization_codes_grant_id_not_null NOT NULL,
    client_id text CONSTRAINT authorization_codes_client_id_not_null NOT NULL,
    redirect_uri text CONSTRAINT authorization_codes_redirect_uri_not_null NOT NULL,
    redirect_uri_sent boolean CONSTRAINT authorization_codes_redirect_uri_sent_not_null NOT NULL,
    code_challenge text,
    expires_at timestamp with time zone CONSTRAINT authorization_codes_expires_at_not_null NOT NULL,
    used_at timestamp with time zone
)
WITH (fillfactor='55');

CREATE TABLE public.buckets (
    name bytea NOT NULL,
    full_at timestamp with time zone NOT NULL
);

CREATE TABLE public.client_secrets (
    id uuid NOT NULL,
    client_id text NOT NULL,
    digest bytea NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone,
    sealed bytea
);

CREATE TABLE public.client_uses (
    client_id text NOT NULL,
    day date NOT NULL
);

CREATE TABLE public.clients (
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
    allow_http_redirects boolean DEFAULT false NOT NULL
);

CREATE TABLE public.consents (
    user_id uuid NOT NULL,
    client_id text NOT NULL,
    scopes text[] NOT NULL,
    granted_at timestamp with time zone NOT NULL,
    resources jsonb DEFAULT '{}'::jsonb NOT NULL
);

CREATE TABLE public.epochs (
    name text NOT NULL,
    not_before timestamp with time zone NOT NULL
);

CREATE TABLE public.grants (
    id uuid NOT NULL,
    user_id uuid,
    client_id text NOT NULL,
    session_id uuid,
    grant_type text NOT NULL,
    scope text NOT NULL,
    resources text[] DEFAULT '{}'::text[] NOT NULL,
    session_bound boolean DEFAULT false NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone,
    revoked_at timestamp with time zone,
    openid jsonb
);

CREATE TABLE public.logout_notices (
    id uuid NOT NULL,
    client_id text NOT NULL,
    user_id uuid NOT NULL,
    session_id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    next_at timestamp with time zone DEFAULT '-infinity'::timestamp with time zone NOT NULL
);

CREATE TABLE public.logout_receivers (
    client_id text NOT NULL,
    failures integer NOT NULL,
    next_at timestamp with time zone NOT NULL
);

CREATE TABLE public.migrations (
    name text NOT NULL,
    applied_at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE VIEW public.partition_bounds AS
 SELECT (p.relname)::text AS parent,
    (c.relname)::text AS name,
    to_date("substring"((c.relname)::text, '_(\d{8})_\d{8}$'::text), 'YYYYMMDD'::text) AS first,
    to_date("substring"((c.relname)::text, '_\d{8}_(\d{8})$'::text), 'YYYYMMDD'::text) AS beyond,
    (GREATEST(c.reltuples, (0)::real))::bigint AS about,
    pg_total_relation_size((c.oid)::regclass) AS bytes
   FROM ((pg_inherits i
     JOIN pg_class p ON (((p.oid = i.inhparent) AND (p.relkind = 'p'::"char") AND (p.relnamespace = (("current_schema"())::regnamespace)::oid))))
     JOIN pg_class c ON ((c.oid = i.inhrelid)));

CREATE TABLE public.progress (
    task text NOT NULL,
    until timestamp with time zone NOT NULL
);

CREATE TABLE public.refresh_tokens (
    day date NOT NULL,
    digest bytea NOT NULL,
    grant_id uuid NOT NULL,
    scope text NOT NULL,
    issued_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    used_at timestamp with time zone,
    successor_day date,
    successor_digest bytea,
    successor bytea
)
PARTITION BY RANGE (day);

CREATE TABLE public.refresh_tokens_20261129_20261210 (
    day date CONSTRAINT refresh_tokens_day_not_null NOT NULL,
    digest bytea CONSTRAINT refresh_tokens_digest_not_null NOT NULL,
    grant_id uuid CONSTRAINT refresh_tokens_grant_id_not_null NOT NULL,
    scope text CONSTRAINT refresh_tokens_scope_not_null NOT NULL,
    issued_at timestamp with time zone CONSTRAINT refresh_tokens_issued_at_not_null NOT NULL,
    expires_at timestamp with time zone CONSTRAINT refresh_tokens_expires_at_not_null NOT NULL,
    used_at timestamp with time zone,
    successor_day date,
    successor_digest bytea,
    successor bytea
)
WITH (fillfactor='55');

CREATE TABLE public.refresh_tokens_20261210_20261225 (
    day date CONSTRAINT refresh_tokens_day_not_null NOT NULL,
    digest bytea CONSTRAINT refresh_tokens_digest_not_null NOT NULL,
    grant_id uuid CONSTRAINT refresh_tokens_grant_id_not_null NOT NULL,
    scope text CONSTRAINT refresh_tokens_scope_not_null NOT NULL,
    issued_at timestamp with time zone CONSTRAINT refresh_tokens_issued_at_not_null NOT NULL,
    expires_at timestamp with time zone CONSTRAINT refresh_tokens_expires_at_not_null NOT NULL,
    used_at timestamp with time zone,
    successor_day date,
    successor_digest bytea,
    successor bytea
)
WITH (fillfactor='55');

CREATE TABLE public.refresh_tokens_20261225_20270109 (
    day date CONSTRAINT refresh_tokens_day_not_null NOT NULL,
    digest bytea CONSTRAINT refresh_tokens_digest_not_null NOT NULL,
    grant_id uuid CONSTRAINT refresh_tokens_grant_id_not_null NOT NULL,
    scope text CONSTRAINT refresh_tokens_scope_not_null NOT NULL,
    issued_at timestamp with time zone CONSTRAINT refresh_tokens_issued_at_not_null NOT NULL,
    expires_at timestamp with time zone CONSTRAINT refresh_tokens_expires_at_not_null NOT NULL,
    used_at timestamp with time zone,
    successor_day date,
    successor_digest bytea,
    successor bytea
)
WITH (fillfactor='55');

CREATE TABLE public.refusals (
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
    address text
)
PARTITION BY RANGE (day);

CREATE TABLE public.refusals_20261129_20261130 (
    day date CONSTRAINT refusals_day_not_null NOT NULL,
    id text CONSTRAINT refusals_id_not_null NOT NULL,
    at timestamp with time zone CONSTRAINT refusals_at_not_null NOT NULL,
    endpoint text CONSTRAINT refusals_endpoint_not_null NOT NULL,
    error text CONSTRAINT refusals_error_not_null NOT NULL,
    failed text CONSTRAINT refusals_failed_not_null NOT NULL,
    expected text CONSTRAINT refusals_expected_not_null NOT NULL,
    got text CONSTRAINT refusals_got_not_null NOT NULL,
    client_id text,
    grant_type text,
    address text
)
WITH (fillfactor='100');

CREATE TABLE public.refusals_20261130_20261202 (
    day date CONSTRAINT refusals_day_not_null NOT NULL,
    id text CONSTRAINT refusals_id_not_null NOT NULL,
    at timestamp with time zone CONSTRAINT refusals_at_not_null NOT NULL,
    endpoint text CONSTRAINT refusals_endpoint_not_null NOT NULL,
    error text CONSTRAINT refusals_error_not_null NOT NULL,
    failed text CONSTRAINT refusals_failed_not_null NOT NULL,
    expected text CONSTRAINT refusals_expected_not_null NOT NULL,
    got text CONSTRAINT refusals_got_not_null NOT NULL,
    client_id text,
    grant_type text,
    address text
)
WITH (fillfactor='100');

CREATE TABLE public.refusals_20261202_20261204 (
    day date CONSTRAINT refusals_day_not_null NOT NULL,
    id text CONSTRAINT refusals_id_not_null NOT NULL,
    at timestamp with time zone CONSTRAINT refusals_at_not_null NOT NULL,
    endpoint text CONSTRAINT refusals_endpoint_not_null NOT NULL,
    error text CONSTRAINT refusals_error_not_null NOT NULL,
    failed text CONSTRAINT refusals_failed_not_null NOT NULL,
    expected text CONSTRAINT refusals_expected_not_null NOT NULL,
    got text CONSTRAINT refusals_got_not_null NOT NULL,
    client_id text,
    grant_type text,
    address text
)
WITH (fillfactor='100');

CREATE TABLE public.registration_tokens (
    id uuid NOT NULL,
    digest bytea NOT NULL,
    scopes text[] DEFAULT '{}'::text[] NOT NULL,
    uses_left integer,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone,
    revoked_at timestamp with time zone,
    CONSTRAINT registration_tokens_uses_left_check CHECK ((uses_left >= 0))
);

CREATE TABLE public.registrations (
    day date NOT NULL,
    network inet NOT NULL,
    number integer NOT NULL
)
PARTITION BY RANGE (day);

CREATE TABLE public.registrations_20261129_20261130 (
    day date CONSTRAINT registrations_day_not_null NOT NULL,
    network inet CONSTRAINT registrations_network_not_null NOT NULL,
    number integer CONSTRAINT registrations_number_not_null NOT NULL
)
WITH (fillfactor='100');

CREATE TABLE public.registrations_20261130_20261202 (
    day date CONSTRAINT registrations_day_not_null NOT NULL,
    network inet CONSTRAINT registrations_network_not_null NOT NULL,
    number integer CONSTRAINT registrations_number_not_null NOT NULL
)
WITH (fillfactor='100');

CREATE TABLE public.registrations_20261202_20261204 (
    day date CONSTRAINT registrations_day_not_null NOT NULL,
    network inet CONSTRAINT registrations_network_not_null NOT NULL,
    number integer CONSTRAINT registrations_number_not_null NOT NULL
)
WITH (fillfactor='100');

CREATE TABLE public.replays (
    day date NOT NULL,
    digest bytea NOT NULL
)
PARTITION BY RANGE (day);

CREATE TABLE public.replays_20261129_20261130 (
    day date CONSTRAINT replays_day_not_null NOT NULL,
    digest bytea CONSTRAINT replays_digest_not_null NOT NULL
)
WITH (fillfactor='100');

CREATE TABLE public.replays_20261130_20261202 (
    day date CONSTRAINT replays_day_not_null NOT NULL,
    digest bytea CONSTRAINT replays_digest_not_null NOT NULL
)
WITH (fillfactor='100');

CREATE TABLE public.replays_20261202_20261204 (
    day date CONSTRAINT replays_day_not_null NOT NULL,
    digest bytea CONSTRAINT replays_digest_not_null NOT NULL
)
WITH (fillfactor='100');

CREATE TABLE public.resources (
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

CREATE TABLE public.scopes (
    name text NOT NULL,
    description text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    claims text[] DEFAULT '{}'::text[] NOT NULL,
    restricted boolean DEFAULT false NOT NULL
);

CREATE TABLE public.sessions (
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
    stepped_at timestamp with time zone DEFAULT now() NOT NULL
)
PARTITION BY RANGE (day);

CREATE TABLE public.sessions_20261129_20261210 (
    day date CONSTRAINT sessions_day_not_null NOT NULL,
    digest bytea CONSTRAINT sessions_digest_not_null NOT NULL,
    id uuid CONSTRAINT sessions_id_not_null NOT NULL,
    user_id uuid CONSTRAINT sessions_user_id_not_null NOT NULL,
    auth_time timestamp with time zone CONSTRAINT sessions_auth_time_not_null NOT NULL,
    seen_at timestamp with time zone CONSTRAINT sessions_seen_at_not_null NOT NULL,
    expires_at timestamp with time zone CONSTRAINT sessions_expires_at_not_null NOT NULL,
    remembered boolean DEFAULT false CONSTRAINT sessions_remembered_not_null NOT NULL,
    amr text[] DEFAULT '{pwd}'::text[] CONSTRAINT sessions_amr_not_null NOT NULL,
    step integer DEFAULT 0 CONSTRAINT sessions_step_not_null NOT NULL,
    stepped_at timestamp with time zone DEFAULT now() CONSTRAINT sessions_stepped_at_not_null NOT NULL
)
WITH (fillfactor='100');

CREATE TABLE public.sessions_20261210_20261225 (
    day date CONSTRAINT sessions_day_not_null NOT NULL,
    digest bytea CONSTRAINT sessions_digest_not_null NOT NULL,
    id uuid CONSTRAINT sessions_id_not_null NOT NULL,
    user_id uuid CONSTRAINT sessions_user_id_not_null NOT NULL,
    auth_time timestamp with time zone CONSTRAINT sessions_auth_time_not_null NOT NULL,
    seen_at timestamp with time zone CONSTRAINT sessions_seen_at_not_null NOT NULL,
    expires_at timestamp with time zone CONSTRAINT sessions_expires_at_not_null NOT NULL,
    remembered boolean DEFAULT false CONSTRAINT sessions_remembered_not_null NOT NULL,
    amr text[] DEFAULT '{pwd}'::text[] CONSTRAINT sessions_amr_not_null NOT NULL,
    step integer DEFAULT 0 CONSTRAINT sessions_step_not_null NOT NULL,
    stepped_at timestamp with time zone DEFAULT now() CONSTRAINT sessions_stepped_at_not_null NOT NULL
)
WITH (fillfactor='100');

CREATE TABLE public.sessions_20261225_20270109 (
    day date CONSTRAINT sessions_day_not_null NOT NULL,
    digest bytea CONSTRAINT sessions_digest_not_null NOT NULL,
    id uuid CONSTRAINT sessions_id_not_null NOT NULL,
    user_id uuid CONSTRAINT sessions_user_id_not_null NOT NULL,
    auth_time timestamp with time zone CONSTRAINT sessions_auth_time_not_null NOT NULL,
    seen_at timestamp with time zone CONSTRAINT sessions_seen_at_not_null NOT NULL,
    expires_at timestamp with time zone CONSTRAINT sessions_expires_at_not_null NOT NULL,
    remembered boolean DEFAULT false CONSTRAINT sessions_remembered_not_null NOT NULL,
    amr text[] DEFAULT '{pwd}'::text[] CONSTRAINT sessions_amr_not_null NOT NULL,
    step integer DEFAULT 0 CONSTRAINT sessions_step_not_null NOT NULL,
    stepped_at timestamp with time zone DEFAULT now() CONSTRAINT sessions_stepped_at_not_null NOT NULL
)
WITH (fillfactor='100');

CREATE TABLE public.setup (
    single boolean DEFAULT true NOT NULL,
    digest bytea,
    expires_at timestamp with time zone,
    closed_at timestamp with time zone,
    CONSTRAINT setup_single_check CHECK (single)
);

CREATE TABLE public.signing_keys (
    kid text NOT NULL,
    alg text NOT NULL,
    generation integer NOT NULL,
    public_key jsonb NOT NULL,
    private_key bytea NOT NULL,
    published_at timestamp with time zone NOT NULL,
    active_at timestamp with time zone NOT NULL,
    removed_at timestamp with time zone
);

CREATE TABLE public.users (
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
    logins_not_before timestamp with time zone DEFAULT '-infinity'::timestamp with time zone NOT NULL
);

ALTER TABLE ONLY public.access_tokens ATTACH PARTITION public.access_tokens_20261129_20261130 FOR VALUES FROM ('2026-11-29') TO ('2026-11-30');

ALTER TABLE ONLY public.access_tokens ATTACH PARTITION public.access_tokens_20261130_20261202 FOR VALUES FROM ('2026-11-30') TO ('2026-12-02');

ALTER TABLE ONLY public.access_tokens ATTACH PARTITION public.access_tokens_20261202_20261204 FOR VALUES FROM ('2026-12-02') TO ('2026-12-04');

ALTER TABLE ONLY public.audit_events ATTACH PARTITION public.audit_events_20271206_20280105 FOR VALUES FROM ('2027-12-06') TO ('2028-01-05');

ALTER TABLE ONLY public.audit_events ATTACH PARTITION public.audit_events_20280105_20280205 FOR VALUES FROM ('2028-01-05') TO ('2028-02-05');

ALTER TABLE ONLY public.authorization_codes ATTACH PARTITION public.authorization_codes_20261129_20261130 FOR VALUES FROM ('2026-11-29') TO ('2026-11-30');

ALTER TABLE ONLY public.authorization_codes ATTACH PARTITION public.authorization_codes_20261130_20261202 FOR VALUES FROM ('2026-11-30') TO ('2026-12-02');

ALTER TABLE ONLY public.authorization_codes ATTACH PARTITION public.authorization_codes_20261202_20261204 FOR VALUES FROM ('2026-12-02') TO ('2026-12-04');

ALTER TABLE ONLY public.refresh_tokens ATTACH PARTITION public.refresh_tokens_20261129_20261210 FOR VALUES FROM ('2026-11-29') TO ('2026-12-10');

ALTER TABLE ONLY public.refresh_tokens ATTACH PARTITION public.refresh_tokens_20261210_20261225 FOR VALUES FROM ('2026-12-10') TO ('2026-12-25');

ALTER TABLE ONLY public.refresh_tokens ATTACH PARTITION public.refresh_tokens_20261225_20270109 FOR VALUES FROM ('2026-12-25') TO ('2027-01-09');

ALTER TABLE ONLY public.refusals ATTACH PARTITION public.refusals_20261129_20261130 FOR VALUES FROM ('2026-11-29') TO ('2026-11-30');

ALTER TABLE ONLY public.refusals ATTACH PARTITION public.refusals_20261130_20261202 FOR VALUES FROM ('2026-11-30') TO ('2026-12-02');

ALTER TABLE ONLY public.refusals ATTACH PARTITION public.refusals_20261202_20261204 FOR VALUES FROM ('2026-12-02') TO ('2026-12-04');

ALTER TABLE ONLY public.registrations ATTACH PARTITION public.registrations_20261129_20261130 FOR VALUES FROM ('2026-11-29') TO ('2026-11-30');

ALTER TABLE ONLY public.registrations ATTACH PARTITION public.registrations_20261130_20261202 FOR VALUES FROM ('2026-11-30') TO ('2026-12-02');

ALTER TABLE ONLY public.registrations ATTACH PARTITION public.registrations_20261202_20261204 FOR VALUES FROM ('2026-12-02') TO ('2026-12-04');

ALTER TABLE ONLY public.replays ATTACH PARTITION public.replays_20261129_20261130 FOR VALUES FROM ('2026-11-29') TO ('2026-11-30');

ALTER TABLE ONLY public.replays ATTACH PARTITION public.replays_20261130_20261202 FOR VALUES FROM ('2026-11-30') TO ('2026-12-02');

ALTER TABLE ONLY public.replays ATTACH PARTITION public.replays_20261202_20261204 FOR VALUES FROM ('2026-12-02') TO ('2026-12-04');

ALTER TABLE ONLY public.sessions ATTACH PARTITION public.sessions_20261129_20261210 FOR VALUES FROM ('2026-11-29') TO ('2026-12-10');

ALTER TABLE ONLY public.sessions ATTACH PARTITION public.sessions_20261210_20261225 FOR VALUES FROM ('2026-12-10') TO ('2026-12-25');

ALTER TABLE ONLY public.sessions ATTACH PARTITION public.sessions_20261225_20270109 FOR VALUES FROM ('2026-12-25') TO ('2027-01-09');

INSERT INTO public.access_tokens_20261130_20261202 VALUES
	('2026-12-01', '\x049cee051b5ad7fb247b3760114175e2a48f35b7bf944bd92ceaf6eff689f85c', '01a22b35-ad54-70a4-9ab1-b617ce443e30', 'openid profile email read write offline_access', NULL, '2026-11-30 06:47:47.810082+00', '2026-11-30 16:47:47.810082+00', NULL),
	('2026-12-01', '\xf24f5cb84e0e44ea59827fbfe39a358561d2d4defc1acc09b7255076947bda18', '01a22b35-ad54-70a4-9ab1-b617ce443e30', 'openid profile email read write offline_access', NULL, '2026-11-30 06:47:47.945242+00', '2026-11-30 16:47:47.945242+00', NULL),
	('2026-12-01', '\x819602712de682e1d6b90f22ebd5f6cb5080f45b01c0cf988aeffb85a99da90c', '01a22b35-acfe-78dc-859f-b335d3564a50', 'read', NULL, '2026-11-30 06:47:47.97338+00', '2026-11-30 16:47:47.97338+00', NULL);

INSERT INTO public.audit_events_20271206_20280105 VALUES
	('2028-01-04', 8, 'df757461-0491-4bd4-ae68-3fe8c186666c', '2026-11-30 06:47:47.583676+00', 'user.created', 'server', '01a22b35-ac7f-77b4-9fda-e904abd3a11f', NULL, NULL, '{"superuser": true}'),
	('2028-01-04', 9, 'e8baf103-04b5-4a74-bcd8-8ccb4bf0d130', '2026-11-30 06:47:47.710937+00', 'client.created', 'server', NULL, '01a22b35acfe72eb84b5f1710bc01b9e', NULL, '{"name": "Test application", "redirect_uris": ["https://client.example/callback"]}'),
	('2028-01-04', 10, 'c057f5fa-6546-4d73-98b7-7298f2fdec86', '2026-11-30 06:47:47.720568+00', 'user.created', 'server', '01a22b35-ad08-77ce-be00-d33d85938e9a', NULL, NULL, '{"superuser": false}'),
	('2028-01-04', 11, 'b5027caa-c7f5-4874-960f-0bc01a5221e9', '2026-11-30 06:47:47.720568+00', 'session.begun', 'user 01a22b35-ad08-77ce-be00-d33d85938e9a', '01a22b35-ad08-77ce-be00-d33d85938e9a', NULL, NULL, '{"session": "01a22b35-ad0e-764b-9f78-18fc2adf9307", "replaced": null, "remembered": false}'),
	('2028-01-04', 12, 'c25a4b06-e905-42e0-97ed-4f7ce1d6c7a2', '2026-11-30 06:47:47.79686+00', 'consent.given', 'user 01a22b35-ad08-77ce-be00-d33d85938e9a', '01a22b35-ad08-77ce-be00-d33d85938e9a', '01a22b35acfe72eb84b5f1710bc01b9e', '127.0.0.1', '{"scope": "openid profile email read write offline_access"}'),
	('2028-01-04', 13, '9df826c3-d65f-4a7a-8565-72a936f09002', '2026-11-30 06:47:48.308522+00', 'client.created', 'anybody', NULL, 'yKwpp1S5bNTBKFcYzEQeaD', '127.0.0.1', '{"name": "Itself", "redirect_uris": ["https://client.example/callback"]}');

INSERT INTO public.authorization_codes_20261130_20261202 VALUES
	('2026-11-30', '\x89fb0af116ac575a1919f25c85e37ca11a3e5a98f70e4b0efe0a4f61959b6d79', '01a22b35-ad54-70a4-9ab1-b617ce443e30', '01a22b35acfe72eb84b5f1710bc01b9e', 'https://client.example/callback', true, 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM', '2026-11-30 06:48:47.79686+00', '2026-11-30 06:47:47.810082+00'),
	('2026-11-30', '\x3dc9e2b3c5e6566f07c2e5c5671539f9c61778943e6533f87ecdffa5ea72ef87', '01a22b35-adfe-7b0e-9b37-1dae4db86e8c', '01a22b35acfe72eb84b5f1710bc01b9e', 'https://client.example/callback', true, 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM', '2026-11-30 06:48:47.9662+00', NULL);

INSERT INTO public.client_secrets VALUES
	('01a22b35-acfe-72b1-bd83-e3e2d4d53217', '01a22b35acfe72eb84b5f1710bc01b9e', '\x961742446108b2b6ffa4462ec8d0e7248d9267b4b8e2137acdb3ccadcce48db0', '2026-11-30 06:47:47.710937+00', NULL, NULL);

INSERT INTO public.clients VALUES
	('01a22b35acfe72eb84b5f1710bc01b9e', 'Test application', NULL, '01a22b35-acfe-78dc-859f-b335d3564a50', 'client_secret_basic', '{authorization_code,refresh_token,client_credentials}', '{https://client.example/callback}', '{}', '{openid,profile,email,read,write,offline_access}', false, false, '-infinity', '2026-11-30 06:47:47.710937+00', '2026-11-30 06:47:47.710937+00', NULL, NULL, NULL, NULL, '{}', NULL, NULL, '{}', false),
	('yKwpp1S5bNTBKFcYzEQeaD', 'Itself', NULL, '01a22b35-af54-795b-8a97-04fe49cd8926', 'none', '{authorization_code}', '{https://client.example/callback}', '{}', '{address,email,offline_access,openid,phone,profile}', false, false, '-infinity', '2026-11-30 06:47:48.308522+00', '2026-11-30 06:47:48.308522+00', NULL, NULL, NULL, NULL, '{"client_uri": "https://client.example/", "default_max_age": 3600}', '\x52ad081fe2dfa5f0988d1a82b23cabecba9c4bb00956a68e7689bd78cbc0c065', NULL, '{}', false);

INSERT INTO public.consents VALUES
	('01a22b35-ad08-77ce-be00-d33d85938e9a', '01a22b35acfe72eb84b5f1710bc01b9e', '{email,offline_access,openid,profile,read,write}', '2026-11-30 06:47:47.9662+00', '{"": ["email", "offline_access", "openid", "profile", "read", "write"]}');

INSERT INTO public.grants VALUES
	('01a22b35-acfe-78dc-859f-b335d3564a50', NULL, '01a22b35acfe72eb84b5f1710bc01b9e', NULL, 'client_credentials', 'openid profile email read write offline_access', '{}', false, '2026-11-30 06:47:47.710937+00', NULL, NULL, NULL),
	('01a22b35-ad54-70a4-9ab1-b617ce443e30', '01a22b35-ad08-77ce-be00-d33d85938e9a', '01a22b35acfe72eb84b5f1710bc01b9e', '01a22b35-ad0e-764b-9f78-18fc2adf9307', 'authorization_code', 'openid profile email read write offline_access', '{}', false, '2026-11-30 06:47:47.79686+00', '2027-11-30 06:47:47.79686+00', NULL, '{"acr": "1", "amr": ["pwd"], "auth_time": 1796021267}'),
	('01a22b35-adfe-7b0e-9b37-1dae4db86e8c', '01a22b35-ad08-77ce-be00-d33d85938e9a', '01a22b35acfe72eb84b5f1710bc01b9e', '01a22b35-ad0e-764b-9f78-18fc2adf9307', 'authorization_code', 'openid profile email read write offline_access', '{}', false, '2026-11-30 06:47:47.9662+00', '2027-11-30 06:47:47.9662+00', NULL, '{"acr": "1", "amr": ["pwd"], "auth_time": 1796021267}'),
	('01a22b35-af54-795b-8a97-04fe49cd8926', NULL, 'yKwpp1S5bNTBKFcYzEQeaD', NULL, 'client_credentials', 'address email offline_access openid phone profile', '{}', false, '2026-11-30 06:47:48.308522+00', NULL, NULL, NULL);

INSERT INTO public.migrations VALUES
	('0001_foundation', '2026-11-30 06:47:46.285229+00'),
	('0002_signing_keys', '2026-11-30 06:47:46.38201+00'),
	('0003_client_authentication', '2026-11-30 06:47:46.385282+00'),
	('0004_refusals_and_audit', '2026-11-30 06:47:46.386359+00'),
	('0005_openid', '2026-11-30 06:47:46.389345+00'),
	('0006_logout', '2026-11-30 06:47:46.391354+00'),
	('0007_registration', '2026-11-30 06:47:46.402041+00'),
	('0008_ended_sessions', '2026-11-30 06:47:46.407832+00'),
	('0009_consented_resources', '2026-11-30 06:47:46.410559+00'),
	('0010_registrants', '2026-11-30 06:47:46.418814+00'),
	('0011_ends', '2026-11-30 06:47:46.426336+00'),
	('0011_folded_client_ids', '2026-11-30 06:47:46.436619+00'),
	('0012_buckets', '2026-11-30 06:47:46.443493+00'),
	('0013_audit_log', '2026-11-30 06:47:46.451142+00'),
	('0013_audit_log_checked', '2026-11-30 06:47:46.456546+00'),
	('0013_audit_log_cut', '2026-11-30 06:47:46.457348+00'),
	('0013_two_roles', '2026-11-30 06:47:46.458297+00'),
	('0016_redirect_uris', '2026-11-30 06:47:46.458849+00'),
	('0017_consented_nowhere', '2026-11-30 06:47:46.459312+00'),
	('0018_session_steps', '2026-11-30 06:47:46.459811+00');

INSERT INTO public.refresh_tokens_20261225_20270109 VALUES
	('2026-12-30', '\x9ea86adc655498b78577da5d598482a34ab3845ebf85f5bcd35ee47fb67c5f5e', '01a22b35-ad54-70a4-9ab1-b617ce443e30', 'openid profile email read write offline_access', '2026-11-30 06:47:47.810082+00', '2026-12-30 06:47:47.810082+00', '2026-11-30 06:47:47.945242+00', '2026-12-30', '\x0994d4d187d222a1bb82db6a5647b60124feca9af7989c9e026118ea5b225670', '\x8e95f8c8db02d070b1fa62b6df28fc3d8dc48cd1231471fb5d07a93bad6948db62f79a208b2aace81c054b9526a61470c649b79fd27b28c664512a19987c8dcecbd8ff4cab606602f6e06959178cc27de59c13f1617a2536b2427b434876682e66cdf99ba58a951cdf1ae4b1ea4f2437df5db09913cb73b7'),
	('2026-12-30', '\x0994d4d187d222a1bb82db6a5647b60124feca9af7989c9e026118ea5b225670', '01a22b35-ad54-70a4-9ab1-b617ce443e30', 'openid profile email read write offline_access', '2026-11-30 06:47:47.945242+00', '2026-12-30 06:47:47.945242+00', NULL, NULL, NULL, NULL);

INSERT INTO public.scopes VALUES
	('read', 'Read your data', '2026-01-01 00:00:00+00', '{}', false),
	('write', 'Change your data', '2026-01-01 00:00:00+00', '{}', false),
	('openid', 'Know who you are', '2026-01-02 00:00:00+00', '{sub}', false),
	('profile', 'Read your profile', '2026-01-02 00:00:00+00', '{name,family_name,given_name,middle_name,nickname,preferred_username,profile,picture,website,gender,birthdate,zoneinfo,locale,updated_at}', false),
	('email', 'Read your e-mail address', '2026-01-02 00:00:00+00', '{email,email_verified}', false),
	('address', 'Read your postal address', '2026-01-02 00:00:00+00', '{address}', false),
	('phone', 'Read your telephone number', '2026-01-02 00:00:00+00', '{phone_number,phone_number_verified}', false),
	('offline_access', 'Stay connected when you are not here', '2026-01-02 00:00:00+00', '{}', false);

INSERT INTO public.sessions_20261129_20261210 VALUES
	('2026-12-07', '\x35c218737eff54006c1db0a86addab108bfaa25998f059442f6f09d0f621b76c', '01a22b35-ad0e-764b-9f78-18fc2adf9307', '01a22b35-ad08-77ce-be00-d33d85938e9a', '2026-11-30 06:47:47.720568+00', '2026-11-30 06:47:47.720568+00', '2026-12-07 06:47:47.720568+00', false, '{pwd}', 0, '2026-11-30 06:47:47.720568+00');

INSERT INTO public.setup VALUES
	(true, NULL, NULL, '2026-11-30 06:47:47.583676+00');

INSERT INTO public.signing_keys VALUES
	('i0KhNq0bGQQoi1LAHCZwl-8O5vEBj74y06V9csKJ-k8', 'ES256', 1, '{"x": "qMBA3Ww2Prbnel2hEzZd4OYw5r8Q4r3r86Dl3jLwASY", "y": "JINcy9xxGC3uS3ReInCQKKqpdOP84aQnmUG5rtuqGB8", "alg": "ES256", "crv": "P-256", "kid": "i0KhNq0bGQQoi1LAHCZwl-8O5vEBj74y06V9csKJ-k8", "kty": "EC", "use": "sig"}', '\xf2ff4e9c203a984d7bfe235361ce68aab9f092af7a2bd14bba45df2e91879b98f76e582963b5b27ad596402d0722ed50f81ad42c71e50cc69c2afca91cf05a55cd7114d4446caef20c61d9dbb99ce7e289b9cac1b5bbf7284267958f46648a1df0698220d4e899333b1e32ac83288002f1d83694c115a291e7a8deff975e673721cc2e31a48cbca47a2cbbba8894cc2bab66426614df60e9cde7b4b9c2524958328afd4a21b663d988bcc6e0f04eb755dc2263627dbda24eaa7b229a7b8a3a37e323d3899524b7ddc32d3eb3c4e1673c6ee3592b604e3d4d4bf3a372a313f0bef939862b0a7b755faa1aaa6d512347c4cf19b412b15258b9edb7a75b34ea780acfaa0ced6da02b9d1ed4dccd83', '2026-11-30 06:47:46.507006+00', '2026-11-30 06:47:46.505181+00', NULL),
	('UOoKtZwTbn6rhVBeIEsk7FAYJRDNzGVWLH0OtgoyAR8', 'RS256', 1, '{"e": "AQAB", "n": "35Z1q1R3QCmz3tDQyYjciVOVMhvqV-pc2HGmk6dOLgHMTzCizrPzm7vRKaztYA3jgWOEjZE7Q1OvoGm78aswT85KZOpvPaJjxUEoZ5Koo2nbgYEwPIMRwS87peA8SSYUTCSeUJ4al15I9yh0k6xkdfa-8w6SH2Kev7WRuOnHOIhh4-mZBsJybzITkLuzKuVhA7BfkAUtjqPpRpWCYevT0ZeVYfQFiHNIvnN8t2GHfbBkI6dJwF3rmRYbYE34FoluzTuuwnrJqowp0Awe7Wdi7e9XvYLTuNp14v7SRZUgTw1uzrQdkZVWtYCLLydS840t3_Pmv75x4VLri-4aF6S0Kw", "alg": "RS256", "kid": "UOoKtZwTbn6rhVBeIEsk7FAYJRDNzGVWLH0OtgoyAR8", "kty": "RSA", "use": "sig"}', '\x6f583efc3c6da88f4a7850c9b7d8a3b938c797a3e4776f3ed0c900156d7a70373269a730d6b7050d2a2c56cc6ca9085e599a1eb59febb45572656f24a18261ba3f687b3194bce0d12ab39943815b2375f276c923e4e7248fa45574f57cb911c83b5d48c9b67fb2db8a570b5d76e67c906cdc57d25197bc849d2dc74eb4889853c5d8716fef29e926ca62f03c8d1119da00b38cccb483eb20a9dae74d0dd6f41b902e5e6a612c44a6ab2d35a04c5eed19f71d634dc6ad7fefde2b429d0debc227d8e9d121904fa368d887cd12660914803714e515f3d12850a4328d2486d03f98a86a14dadb2528090eb18a54dbe4d1375e375e304af0c0a29c4cd09b5bff57cd84fc58243bd18820b99059c2b4919b36f0609beb03cd4fb1b13af930a412131e0ce2c98a04795bc5dbe243ad5169ee182d4590f18ea20f8427108074de5964f229cde8c6e9503d23bf9c6dd004bb859e76e6eebe48d67b899e459beae8acfbf073fb8bd1bbd1c2930181d25c766db9537b5fe4f0d665e18a32a32ae932a4c2e42731c21d0e92a055bf99bc4925856d8998e685ad02e3604d1dc0a150d78c65fad131d78adbafba20d556f95646d5f65fd846f2a81570956807b155fb319732137eb6be2a0fff64ae187788c6dedd767cfd5e0a6e18550e20fef1bbaf70d1d29efe579e0d0ef563de8b22f458725d673def93c293143f2d3aa260d931d2a4d49d224f6beb6be0442f30398170c5f539ca6e85a57348b7ffbeb40d22f490c968ad55ea501be8e11fbe0719fe6c0eea52d6c195deb24b93cc3099888e82468098484d597e7b335210e9ba499ce993a3648425f9e889d1fed17b57068672f769f21aa534c4f86a0b54d83c521082724823a36e3d04f5ac6ed244084a8ffbd036afcd375da31eba8d808374ab895d1a3e31f62b29bb6cf49f71964cf667a3a588a72e594b276a0d25d3bf2cf628fb5854dd5c39c62b6d5e4bb1702561f8b8298d6e28e50f9ad06733e58ce7c181eae87ffb8b6c7cc8b230338e269a869deac7f47aec9f1227d6d3174a586a4b7886c0cce1aba43f589b4ad762b6f7264c32ee25ba37a7222ab5da60ccc1b2f44d4f399dcd485fc12fac7e618d6dbd8de894fc37806642a6576d4447ce43408144fc70bff601536f215256c30bd807de3614a6ea76158e7976aaa92b22fcb1f0168da988e13a06a5dcb23a01741a2bcb8ee883b50031aa9398ab9e78add1f9d390c703f333662daf33c19a6c01ae48a0c014a85108dd766735f535cb17c6b1023f1cfd7443520483decb956383103c4958b0dbf61b05206fc2eca9ad6320f08259c17ed91b5818c42b660e9110a153f552212de230a848ba75ab7f0bd098af8d42b645eeeeff106675b041cfcce06c52d665646e4fe1f69d98983e4904f539434cdda75b55fa0ffb487bc033badf7f281498d49ef6454d9c4b3ea132dcca40e5d2b0bb4550ffcccab82c941c74c7ee5b8e2d7548df96afd9f0fd0888e8f40dfb9ed9689d702b5ad11afeeff3bb8b0fb3b6a166fde0f192d350f56fbe08c9d986af1ebe8cf310c0bf1ac53cfcdf70a7946c83ac184bc3d36203343c02ddd7bec08fe22c4922915b3d31a610b02390b0614e9c5fcea98366984da3e1d813bbe92688b94e5a89d187073cced0aa02b84e0595252db7cedba5277e34375f4e6f4471fc345861153cf971cd1d3ce3aa9042fe78ba8a7822ea8cc9786b8bc575498edff8e6af0fb9b1c6f4879998c1992765938f22e514377fa9bacb01ab66d1bb56b62f22e139e115011fbaffd48a2898abaffb8a4b5b4e9dd897f982e7da24a682ef0f95c8b7a427653fbd6b11e30d35537c4a60061f6049211421784d698877619f5a53f46819bee722e05c7135aa1572a7419e686cef0f69d02f2c0056f2907d53c7113d9bcfc3bceeceeb23b0836ea9afab9608574ad3af98fb4ce45a580f2acffced077ad1c779031d84cfbcca28bc306bd95b602ca40273afe710188a2381d870056d441516a938e17ff8cd5e2d89b80e53f600e32b6c54113ba6a4c8ace656b142ad65b478cb4a0d02595d0538f48fe394e5ef01cec6dc12d9cc833f953cb3f0df8e3b2c770912994d9546acc9e6aed4c98070baf1772d37adf0a4cb9df5c00c258eb55d94f58d1411307189fd2b89807022a6f00cf6b3f9bbce64131994ce2e3b6ec5fbac15fc233dfa8ac77d5c5b6c01ace841657e261eafc56cd857902914259aa7077d80d1bd6603db85d98741285c6557620998fcba8834304ba0de454e2f8dc1b1b9725df6a82baf4863ca9ddb3d7225f388c0e6f7930b32028408cb70b6a111e781252f00b8522e7ddcfc0d629d708867549d36b83589fd14db50f7dba3c4b79a656d46a0459113b01136660e29cf6b9c314a4a57f0a6354b3307734ba4db777bde69b4a1a322d8af61358d0717dc2dd346afce21c9', '2026-11-30 06:47:46.907546+00', '2026-11-30 06:47:46.785852+00', NULL),
	('g8jbWHb5iIgSa-A66YsZMQThbnj-etDDrFXcSGAwZD0', 'PS256', 1, '{"e": "AQAB", "n": "tb7I2p5_TrSB3XcxVgmFERSWgCprAY_zlXw2SAzwI5BdcQi0p6BKEK89efvCSTO7QkAajbL1cEf5-hJZbHowy7kzdHAxIS7jYqMLizXhm33xBPhRLU0Sv7-dIvySzRMp57uMqomZuqng_ohx2f1ckoQwmqZzfpnhV2-DjELbQJSbcCF_06WOqAnb1RFBRT02vtI-juvHIBSSFBfSir3RVWtzY6jxVa0nqA7r_ctt78lgmSEkg0Zcf7zoZG5lWazvODDe23N-bChLBdWzvm4IkNxx8wtfQMjtez8-q5Cc4M-Fa2CKNohdKtlBMlbSN93mh0ocr1mc6hESC5DWA33sCQ", "alg": "PS256", "kid": "g8jbWHb5iIgSa-A66YsZMQThbnj-etDDrFXcSGAwZD0", "kty": "RSA", "use": "sig"}', '\x5bfd9918fb68e75dcf94249f8458b1b7ad51b1df549394f48314fdc750a6aff1eb5e919d3aa147a8dc7b14f92483a073d2ff54e9cd769c7a308aa2ecd789067fdced95d20fe774a89eafe03678f1ba4247f2c2cfa10b7b177ffab1f24d47d76ed8bbe94e4a6c13daf566ef65b712d5332fe64ed6669b2fc824f201d8958f2db92a52070b3b8b44a761d2884ac796bd525a70c735ff328bf05d857904baa99363a50a99f9794ac3f9c91180eebb8041ef73d2a484a46dc873bf5ddaa6b4cfd15ce6f7ce23de59ee43f87e5dfb8a34a8b43a3bed9a5a026470fbfa34db5fba04cd3d8b57332bd5c112b098d1adfbb53e4238acf7c035723fef0915c942c270efc039b23f6e2d0e982cf085e669f29eec03c32bf5c35e06de2a71ed177a3ca634b4de711c757abc66b6e5b04869125f1cc2d89a7b41a5248b4ce8ebf4ea3d06749bf700584cdc2b10f16fef9a633b687ade4d5ae8dc8e79439fc229cefe9f5c71c6708dcea3abe29c6ac1ae3e882c2115670f870a64d324b5ff87d96433490e552161173af7310cf254d48709a4f39f5d845c0e33d63f89737f3e522f3e41afde5f8fa21980259be08b6d38e3a372ca87870f47dec118201937ee55fd74dbd8e165f47a794ba983eca149015e0c13f31e8a617e98e76aa867e0ccb4be6a8b896ac79022e757b542c3fd7f83dd3f016f993844c969cafbc194652fc58806fbe22608d57492779b032ccbb120c55646469f52dd5705fdb5b95921f7aaa531d729ef10afb8ab4d360d41283eebeabfd991dbeee55b2913f2737d2b206e5662b8529efc173334835fe047b54ecdc145d514fae62f059f384d55da147b112949698622b8287495c2aacb502d78eb6e33b50d8dd2566a7369d823f4f69177e88ada095c62b718e16718fbc5f3c39aeaa6ef394a60a52ed1fd94e32cf72f4b91233ad2d07fb74dce2d1ba43842e2150bf3e18e1fb20acd94fce6cdba4fb5df64ebe72691fbcadb7998cea4bd207d7e74cd92c5f88b9c3a7f18040a461eea336c55d2b543b4ddd77e8ee8713b0a84545cd1fb1755cf52e91234986077c9850c406415c11ee9d8956585e6f0b339e3514fd5c7a0b41138692e0b27f3a1ecb016dd9260ad5906a6ad73e7428cc624d6f2c6e1109ff49baffab63a65dfba0fe2f4dea63cd361b214001ccae3471d52d6f2dee501afce48af5f6286be7f9049acfd920bbb56dc3d67615317d6dfd56832425e1ad0d337bbf358f3650a86b2ed2dd62998ffc524ef211e3821955053be14416324fa5396b99010f39d256e865593887b9b56db81ad5552245e90e69ec7edb8936bcdc0861bccc3fe5efeee1b3766d6d85acf56d3ba5b7ef2796e3ea61851290399b0ff8e898da67bd475fd506524f24b2f0936e405becb4df117123a9ff7323390c7073d0d4bf3c86894cd6c6ad4efb245faef981c0b083f3d20f6c80edd6647d86c45c796ce38d5d3224e7d6b2ecc59eda61d07e65f44580bed39ae92144231c173ab5d5bb8d7953d869c408a19c2bbaaa59a10e56f08baafd9788e6aa616f0b0c5e5dcddf38d6cbfb7bb40ee1f6b9844ba260246a2340c78cb0aa403e2349d465c3064bfa6f566f60a450f9fd18cb4d514d551c1b0ec956814cf129c5052fe5708bbcf22d861e73229aabb03233985f679c493a92fee0dc08090405d7c191b4242926a21133743913b85541f9992d07c22591fb89b618f59fe6b6119dfca0be4bd83322da372ca775124365b4c5877d1bf4a42b6f166f13b80ba0d764afec1d049c2831a5f4f1313c5193229edb3cc0695adf7780910d164743b91256dd9ecab335f12f201ec9bc09febf25bf0ff70b1d9989135085369b2a656b26f6eaec4d7086202cc7364cdc558ebbe56a67dbd82d90339f3d8d93ddae7df7e36cfb9e3c8f97d93333f83550246ab8e776ed854a059321a67d7e6a1b8b3e6596f7eaf553403c6b2b19bdf3c80458014a45a7648a6e85ae1d0756a1e113766a923a7df8aecb456293f73749e08214dba44fd6b821e162114586a4c45b1ae63da6db67730d05d3774062860eb76ebffe170fc6fd95edc715fa1b38ea0e99ed823c422e7d42d9d565fa8372efdc794a171b5e0324390378ff9808e87bc170a09ad72c6f68b2cbf0f747b52f89ea17deea59d0fd5844d3ac30c0ddfbea93086964ceaa9b0a8d86454442bd22ebd00bf234bbd67026829563a80f0881cbb8a6891df11badb007d378b4a45a29d48ecf329507f509f2d226ba21249148e50eec3a71af01882591afc98e509d1b9a260c309ab9627f459095a02dd39c2c356bc7fe0b569a11519ccf6181e64a7eb56ab5bfd0650dd24f3d4dc984851c5df9d49fa3f2ff2056181e419ec29df2ece21127f55a416c763bd982958f0795d5e48020074a7f1a6d4174750132803acc8243ec0581567019394725f54a425d1058c07', '2026-11-30 06:47:47.049779+00', '2026-11-30 06:47:46.910801+00', NULL),
	('CkQF350Q9TGtbBC2qiuKe_9zQsAP9Ngzwp2jPudYMHo', 'EdDSA', 1, '{"x": "Rz43MGXr0KEe1qFLYh5jFKlL71laUKD53eV1gPQwJyU", "alg": "EdDSA", "crv": "Ed25519", "kid": "CkQF350Q9TGtbBC2qiuKe_9zQsAP9Ngzwp2jPudYMHo", "kty": "OKP", "use": "sig"}', '\x840bbf2d2805a4d4dd3f12b467baedb08d32280f1ed0ec59d12980a6439a10e968468cd7eaef4856df31b330c577d18c9926bbfc2820bd3f868abfa07f413788be9933f5c79ac84ab0f26600d7cc2282f1fdbdc761d6cc4b521c3a270f61157f99ac08f405e1b937dc54b553f41977b233c0d175d9d5ca1e8cfbfe7849bb63a7b9aaf814dd38c005fa89f5744615ae7dc0cff3', '2026-11-30 06:47:47.055001+00', '2026-11-30 06:47:47.053615+00', NULL),
	('VueqPhQjIJI7_PmMM_G71J_mOehmyASa7Zw1mGCUP4g', 'RSA-OAEP', 1, '{"e": "AQAB", "n": "3pP9yma7uYv0NlBo5hDXJqUAL4GCvoHs-esBAPTjwXMIkHqE_VDbbVFQBE2YlfAjtjsTZ_lXWLpUFzZDpJuIgjozxF6bgUhVmGVeISpZdMm9r3ONDy9iRO2GNNnuR35YFuu17VDhx96Dt9ZLpqQ0zxH0Hxk1VW9abU6FNRn_1v4ylk-IbJSnTIcI91w8dVMdmmPlKfpr_AId2cwUcsYBxclp817oxMWZVY9W3Z3z0Ksf32FzF_UzZniuEWCU73qjQ50D786ro5m0ZPQLxqBMn6tFMVaLJLTHZK7xfI7cFHQ0EbSWYs3BCHKPnx0ZzglMEvmpdltLUaYA_SeKD0lV-Q", "kid": "VueqPhQjIJI7_PmMM_G71J_mOehmyASa7Zw1mGCUP4g", "kty": "RSA", "use": "enc"}', '\x3688c26a84fdeea9eb34380d508fb008a5a0d8061546b2a43886be2fb96a059c5dbd60ba4b84f96c975e78cd90c02ca83d529bc68701b96c78baf45f5c8cd13d02cdfbc3c44989ea70dc37c2949855916c0461fbaaf86048da05f51d067d3c81213f0676f4346002390da92ff3f2da679b8818590a2926516c4b15ec5b36ffc3a21ceded863d49d0737b207759fbc37732c650d7074d559c40e5d874990f2fd85e2cce9398f54b848023dae7628daf7a9b02d77c9e09c2efdd80993d2344ce80544d1c00fc73115ee1bf1effc7bd0495eac2f23596d77a8ff7b88f0335e104bb22c35ec5e6a686b6ce53f1ba24c1b8a4d475a7ad8bfa20a51c436266683b75275e28f5b84e2f49a0ff64b707df13ec7370860ff53e9b5633ada210cfc9bc033e9546290cce35e784602dcf0b9dbe50edb71ff7d88358bbf5c3ecdf1e082c70adeed9c7385a8e3f0f0aa429556f30900cd30476d1c81aedef6824bf2b50f89fadd1f796a3703c184dcb6a12e18fe0cbef747992caa68140dd3f0a9d06405ca3d972ced20619c10ad70ea2debe68826d750087af6f52f56ade1787b86b665a58e70c646b3b03a7f5a7081a92ec1ac53f942a5910f19fb8e98e28cfe91d93b979e2293f259eef1ea362dedb0aafe717bbec1c38cacd5e1581b80bdcec69c5e59a84d9488ea36facf3b3097bafaa1dab9503ca2d149d8e4bbee615bb1d0d5c4ff09026a9d69e05599173548cd4ba1972dcd708e6725ca98e6db30820ff30fe71121c4e273aa2c8494f78d0bfa1a740d7e55f1e519f52b8c9a96da8b1f2a58fd2d03c4211137a197a8e71b625cf18968de4954ddd051a9d7147d450bafe898490dfb8f56f5f9e129f5743768a0591858d48b4dfdc572631a08d43f8ec5d14643830c12f7d2d14a229d8c0031872c04d9f3d3cbf4a5c0af3684ec68c7f9b20d9ac688645dde24729bbaa60833c93ed98fba89296d422a5769aeda868001686bba1ab584d0da9dea93c56dbcfaedaee216d3145d60f587697c7d11209368d7df6704173aa8561a76c59630a63166e85d31118c08adfae778cfbf1fe4ca131913e39f570e62630e2dfc8df1f7df11230dd3d5b784da6bfcd5d1d18fecf23900fa52562265d383175359ba2696d4145d6745a11c6b81e930c5ff5b0472de4d48f7f891cbcc3595a3f47d948ee26fa9f16b72bd80423a7de0119a54d1fdc491a22ca14b00d98c8e56cf33fa90b901d3f81e9d57576bb0bba43b1daac5e39b953a2dcb725006cfc3effd2a679815259a3fc0c6df518bb24bdf4bee3ab6753e52ab6e82a0fe652d8f627c155c7d81260266d24a7b74db338db8bfcb50f3005954e06bb797545d06107722e986d0fa37fdb3ce82c35e62960aebb78179d5591b77ffed9b071a60e618743b3ccaea75be85ac34e6027c1f422171ea5ea277bf2094514e64678070f3f7b88db10999bb3f6426c349c6ab228900466e00050dca6690a7201af9d15476f1217c89877155c4ecb070776fbc3e68bf235f63246da65575e69814405163b922ae460b690a0737d80e9bbd5b5135a7eea6d998c4d0a9db5d29411b94b7055b802a66fa330d2fac689d3c706663314c4db26189bf712f91b10a0e433b6e1aab79e1134fa10bc68650fc8610b9f78fa96800180e43b60042f3d43c5c4e0f30bd56dff30cf8377d1780697f97c9389a86b35fc9836e8b6d3ee931fd83d10d70e67263114e30a94e595d55a7007333d4d766bbba3edbf65f3f79bdb8671dd3eb1f5ff26c5d130d24477409a30551a5ff531e042c5b9b6fb0c3e9984dc0b6da80134d3c329171be5a86b5d47dd418e172e5270d8f7ec541c8f74bc89772f4baa3abd118e63a6a31c4dbf50e736c5b24a9f94c9625f697506ccfa783617cd2bf368e84718170574db4793e40c7318be80a2da4e16180e11dd00478749b62f88fcdc919433e4b97b0b245d35a04af04af773a15a98bd42f58a05a6e7f7bc0c972b67a512103f66bdec161697936f79e4623c9a9526a4467df040fc95a77b9731fd0ff98af3627340fb96aaf3e8633f7ed30bc7347d9bb6df039760aff8db20c821cd58a5be0ea86c0a39a0bce6fb8802cdf1b8f5302f95a5e96a7c4705ae188684f16eb55f152f2afc949c7210396ccd991c9365f9b724f034ed7fd538b6501b8fe20009f703b8f946237a0d648d90620af268641e6f19f3c77bbf0468a753e8f87fa9a0a192aef140d1e387df0cb1c6d2a745a4f48423661231d4135729a30c57cbfb3c58bc66bb2c9d357079158dc5cf0390267a33e9240ded1c6af8c1bced516ae3e4689a7ff59e124093c62109d47d21ee276295879ab7e70d2c3e9ee9d79eb408ea83dbb8d0075f119522aa5323fd925da6cc99d9f04763a60b45fcdd8b8931bcfe4dd8710c3788db18c684919ea192dd8d862c5b695cf444dab69569f8db238f1271', '2026-11-30 06:47:47.123022+00', '2026-11-30 06:47:47.056604+00', NULL),
	('2aBoo9y9-37--iEpD6pHqhEwTqCwBi--1g5zOHQniqs', 'ECDH-ES', 1, '{"x": "NW4ee-9M6W53vPq7NIOp1RLO3O8t95QySEbB1e83zUk", "y": "ESTHp-95BA1M-e_5N50R7rmHt_UZEAcX5HvuJch6pE0", "crv": "P-256", "kid": "2aBoo9y9-37--iEpD6pHqhEwTqCwBi--1g5zOHQniqs", "kty": "EC", "use": "enc"}', '\x8da1e2c8fc6d71939a267c56b6d86d266bab6997422e826120d94d3f9b9268b10c8af72e88fe8d95312d8e43eee90da836ddb8c256c0a86a29b268e5701b0c2ef36b78224a4f13b0a3d043cb1210a9f0b49fda4996acbeb17603bb871ad660fcfdead7e82b836db84cf7e86b23edbe5ca8259b1dd5f6be627c8e082ed0430d66cf7dcbd6b6ad5e4680046a21501c1fbc4619a0e6d9a2bf0f54dddd56a3dfd38cc8d0befe99f8daf17fc1267d28e7ab62ae1426d8a20a8dc14b73be96eaa68a732706fd99855fd5f53a44ccb5e9869dc868684677064750e1cfa5c50e5e482a0d4bb289cb3b7de5d67a25a5e98297bbe7f75b7a49f8ce3c5a91cd5af5ffb33221125854fa7d352ccb27fd362c92', '2026-11-30 06:47:47.128898+00', '2026-11-30 06:47:47.124268+00', NULL);

INSERT INTO public.users VALUES
	('01a22b35-ac7f-77b4-9fda-e904abd3a11f', 'alice', 'alice', 'alice@example.org', 'alice@example.org', true, 'Alice', '$argon2id$v=19$m=19456,t=2,p=1$eWhHienwtlQE7P3jmYgwQQ$GCAlmRusvaaaiNFDB8UMCeJs+i8RoYn1NI2SOvFe28Q', '{"zoneinfo": "Europe/Berlin"}', true, '-infinity', '2026-11-30 06:47:47.583676+00', '2026-11-30 06:47:47.583676+00', NULL, '-infinity'),
	('01a22b35-ad08-77ce-be00-d33d85938e9a', 'bob', 'bob', 'bob@example.org', 'bob@example.org', true, 'Bob', NULL, '{}', false, '-infinity', '2026-11-30 06:47:47.720568+00', '2026-11-30 06:47:47.720568+00', NULL, '-infinity');

SELECT pg_catalog.setval('public.audit_events_n', 13, true);

ALTER TABLE ONLY public.access_tokens
    ADD CONSTRAINT access_tokens_pkey PRIMARY KEY (digest, day);

ALTER TABLE ONLY public.access_tokens_20261129_20261130
    ADD CONSTRAINT access_tokens_20261129_20261130_pkey PRIMARY KEY (digest, day);

ALTER TABLE ONLY public.access_tokens_20261130_20261202
    ADD CONSTRAINT access_tokens_20261130_20261202_pkey PRIMARY KEY (digest, day);

ALTER TABLE ONLY public.access_tokens_20261202_20261204
    ADD CONSTRAINT access_tokens_20261202_20261204_pkey PRIMARY KEY (digest, day);

ALTER TABLE ONLY public.audit_events
    ADD CONSTRAINT audit_events_pkey PRIMARY KEY (id, day);

ALTER TABLE ONLY public.audit_events_20271206_20280105
    ADD CONSTRAINT audit_events_20271206_20280105_pkey PRIMARY KEY (id, day);

ALTER TABLE ONLY public.audit_events_20280105_20280205
    ADD CONSTRAINT audit_events_20280105_20280205_pkey PRIMARY KEY (id, day);

ALTER TABLE ONLY public.authorization_codes
    ADD CONSTRAINT authorization_codes_pkey PRIMARY KEY (digest, day);

ALTER TABLE ONLY public.authorization_codes_20261129_20261130
    ADD CONSTRAINT authorization_codes_20261129_20261130_pkey PRIMARY KEY (digest, day);

ALTER TABLE ONLY public.authorization_codes_20261130_20261202
    ADD CONSTRAINT authorization_codes_20261130_20261202_pkey PRIMARY KEY (digest, day);

ALTER TABLE ONLY public.authorization_codes_20261202_20261204
    ADD CONSTRAINT authorization_codes_20261202_20261204_pkey PRIMARY KEY (digest, day);

ALTER TABLE ONLY public.buckets
    ADD CONSTRAINT buckets_pkey PRIMARY KEY (name);

ALTER TABLE ONLY public.client_secrets
    ADD CONSTRAINT client_secrets_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.client_uses
    ADD CONSTRAINT client_uses_pkey PRIMARY KEY (client_id);

ALTER TABLE ONLY public.clients
    ADD CONSTRAINT clients_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.consents
    ADD CONSTRAINT consents_pkey PRIMARY KEY (user_id, client_id);

ALTER TABLE ONLY public.epochs
    ADD CONSTRAINT epochs_pkey PRIMARY KEY (name);

ALTER TABLE ONLY public.grants
    ADD CONSTRAINT grants_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.logout_notices
    ADD CONSTRAINT logout_notices_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.logout_receivers
    ADD CONSTRAINT logout_receivers_pkey PRIMARY KEY (client_id);

ALTER TABLE ONLY public.migrations
    ADD CONSTRAINT migrations_pkey PRIMARY KEY (name);

ALTER TABLE ONLY public.progress
    ADD CONSTRAINT progress_pkey PRIMARY KEY (task);

ALTER TABLE ONLY public.refresh_tokens
    ADD CONSTRAINT refresh_tokens_pkey PRIMARY KEY (digest, day);

ALTER TABLE ONLY public.refresh_tokens_20261129_20261210
    ADD CONSTRAINT refresh_tokens_20261129_20261210_pkey PRIMARY KEY (digest, day);

ALTER TABLE ONLY public.refresh_tokens_20261210_20261225
    ADD CONSTRAINT refresh_tokens_20261210_20261225_pkey PRIMARY KEY (digest, day);

ALTER TABLE ONLY public.refresh_tokens_20261225_20270109
    ADD CONSTRAINT refresh_tokens_20261225_20270109_pkey PRIMARY KEY (digest, day);

ALTER TABLE ONLY public.refusals
    ADD CONSTRAINT refusals_pkey PRIMARY KEY (id, day);

ALTER TABLE ONLY public.refusals_20261129_20261130
    ADD CONSTRAINT refusals_20261129_20261130_pkey PRIMARY KEY (id, day);

ALTER TABLE ONLY public.refusals_20261130_20261202
    ADD CONSTRAINT refusals_20261130_20261202_pkey PRIMARY KEY (id, day);

ALTER TABLE ONLY public.refusals_20261202_20261204
    ADD CONSTRAINT refusals_20261202_20261204_pkey PRIMARY KEY (id, day);

ALTER TABLE ONLY public.registration_tokens
    ADD CONSTRAINT registration_tokens_digest_key UNIQUE (digest);

ALTER TABLE ONLY public.registration_tokens
    ADD CONSTRAINT registration_tokens_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.registrations
    ADD CONSTRAINT registrations_pkey PRIMARY KEY (network, day);

ALTER TABLE ONLY public.registrations_20261129_20261130
    ADD CONSTRAINT registrations_20261129_20261130_pkey PRIMARY KEY (network, day);

ALTER TABLE ONLY public.registrations_20261130_20261202
    ADD CONSTRAINT registrations_20261130_20261202_pkey PRIMARY KEY (network, day);

ALTER TABLE ONLY public.registrations_20261202_20261204
    ADD CONSTRAINT registrations_20261202_20261204_pkey PRIMARY KEY (network, day);

ALTER TABLE ONLY public.replays
    ADD CONSTRAINT replays_pkey PRIMARY KEY (digest, day);

ALTER TABLE ONLY public.replays_20261129_20261130
    ADD CONSTRAINT replays_20261129_20261130_pkey PRIMARY KEY (digest, day);

ALTER TABLE ONLY public.replays_20261130_20261202
    ADD CONSTRAINT replays_20261130_20261202_pkey PRIMARY KEY (digest, day);

ALTER TABLE ONLY public.replays_20261202_20261204
    ADD CONSTRAINT replays_20261202_20261204_pkey PRIMARY KEY (digest, day);

ALTER TABLE ONLY public.resources
    ADD CONSTRAINT resources_normal_key UNIQUE (normal);

ALTER TABLE ONLY public.resources
    ADD CONSTRAINT resources_pkey PRIMARY KEY (uri);

ALTER TABLE ONLY public.scopes
    ADD CONSTRAINT scopes_pkey PRIMARY KEY (name);

ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_pkey PRIMARY KEY (digest, day);

ALTER TABLE ONLY public.sessions_20261129_20261210
    ADD CONSTRAINT sessions_20261129_20261210_pkey PRIMARY KEY (digest, day);

ALTER TABLE ONLY public.sessions_20261210_20261225
    ADD CONSTRAINT sessions_20261210_20261225_pkey PRIMARY KEY (digest, day);

ALTER TABLE ONLY public.sessions_20261225_20270109
    ADD CONSTRAINT sessions_20261225_20270109_pkey PRIMARY KEY (digest, day);

ALTER TABLE ONLY public.setup
    ADD CONSTRAINT setup_pkey PRIMARY KEY (single);

ALTER TABLE ONLY public.signing_keys
    ADD CONSTRAINT signing_keys_alg_generation_key UNIQUE (alg, generation);

ALTER TABLE ONLY public.signing_keys
    ADD CONSTRAINT signing_keys_pkey PRIMARY KEY (kid);

ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_email_key_key UNIQUE (email_key);

ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_username_key_key UNIQUE (username_key);

CREATE INDEX audit_events_at ON ONLY public.audit_events USING btree (at);

CREATE INDEX audit_events_20271206_20280105_at_idx ON public.audit_events_20271206_20280105 USING btree (at);

CREATE INDEX audit_events_client ON ONLY public.audit_events USING btree (client, at) WHERE (client IS NOT NULL);

CREATE INDEX audit_events_20271206_20280105_client_at_idx ON public.audit_events_20271206_20280105 USING btree (client, at) WHERE (client IS NOT NULL);

CREATE INDEX audit_events_subject ON ONLY public.audit_events USING btree (subject, at) WHERE (subject IS NOT NULL);

CREATE INDEX audit_events_20271206_20280105_subject_at_idx ON public.audit_events_20271206_20280105 USING btree (subject, at) WHERE (subject IS NOT NULL);

CREATE INDEX audit_events_20280105_20280205_at_idx ON public.audit_events_20280105_20280205 USING btree (at);

CREATE INDEX audit_events_20280105_20280205_client_at_idx ON public.audit_events_20280105_20280205 USING btree (client, at) WHERE (client IS NOT NULL);

CREATE INDEX audit_events_20280105_20280205_subject_at_idx ON public.audit_events_20280105_20280205 USING btree (subject, at) WHERE (subject IS NOT NULL);

CREATE INDEX buckets_full_at ON public.buckets USING btree (full_at);

CREATE INDEX client_secrets_client_id ON public.client_secrets USING btree (client_id);

CREATE INDEX client_secrets_digest ON public.client_secrets USING btree (digest);

CREATE INDEX clients_folded_id ON public.clients USING btree (lower(id));

CREATE INDEX clients_of_strangers ON public.clients USING btree (created_at) WHERE ((registration_digest IS NOT NULL) AND (registration_token_id IS NULL));

CREATE INDEX clients_owner_id ON public.clients USING btree (owner_id);

CREATE INDEX consents_client_id ON public.consents USING btree (client_id);

CREATE INDEX grants_client_id ON public.grants USING btree (client_id);

CREATE INDEX grants_expires_at ON public.grants USING btree (expires_at) WHERE (expires_at IS NOT NULL);

CREATE INDEX grants_revoked_at ON public.grants USING btree (revoked_at) WHERE (revoked_at IS NOT NULL);

CREATE INDEX grants_session_id ON public.grants USING btree (session_id) WHERE ((openid IS NOT NULL) OR session_bound);

CREATE INDEX grants_user_id ON public.grants USING btree (user_id) WHERE (user_id IS NOT NULL);

CREATE INDEX logout_notices_client_id ON public.logout_notices USING btree (client_id, next_at);

CREATE INDEX refusals_client_id ON ONLY public.refusals USING btree (client_id, at) WHERE (client_id IS NOT NULL);

CREATE INDEX refusals_20261129_20261130_client_id_at_idx ON public.refusals_20261129_20261130 USING btree (client_id, at) WHERE (client_id IS NOT NULL);

CREATE INDEX refusals_20261130_20261202_client_id_at_idx ON public.refusals_20261130_20261202 USING btree (client_id, at) WHERE (client_id IS NOT NULL);

CREATE INDEX refusals_20261202_20261204_client_id_at_idx ON public.refusals_20261202_20261204 USING btree (client_id, at) WHERE (client_id IS NOT NULL);

CREATE INDEX sessions_id ON ONLY public.sessions USING btree (id);

CREATE INDEX sessions_20261129_20261210_id_idx ON public.sessions_20261129_20261210 USING btree (id);

CREATE INDEX sessions_user_id ON ONLY public.sessions USING btree (user_id);

CREATE INDEX sessions_20261129_20261210_user_id_idx ON public.sessions_20261129_20261210 USING btree (user_id);

CREATE INDEX sessions_20261210_20261225_id_idx ON public.sessions_20261210_20261225 USING btree (id);

CREATE INDEX sessions_20261210_20261225_user_id_idx ON public.sessions_20261210_20261225 USING btree (user_id);

CREATE INDEX sessions_20261225_20270109_id_idx ON public.sessions_20261225_20270109 USING btree (id);

CREATE INDEX sessions_20261225_20270109_user_id_idx ON public.sessions_20261225_20270109 USING btree (user_id);

CREATE INDEX users_administrators ON public.users USING btree (id) WHERE superuser;

ALTER INDEX public.access_tokens_pkey ATTACH PARTITION public.access_tokens_20261129_20261130_pkey;

ALTER INDEX public.access_tokens_pkey ATTACH PARTITION public.access_tokens_20261130_20261202_pkey;

ALTER INDEX public.access_tokens_pkey ATTACH PARTITION public.access_tokens_20261202_20261204_pkey;

ALTER INDEX public.audit_events_at ATTACH PARTITION public.audit_events_20271206_20280105_at_idx;

ALTER INDEX public.audit_events_client ATTACH PARTITION public.audit_events_20271206_20280105_client_at_idx;

ALTER INDEX public.audit_events_pkey ATTACH PARTITION public.audit_events_20271206_20280105_pkey;

ALTER INDEX public.audit_events_subject ATTACH PARTITION public.audit_events_20271206_20280105_subject_at_idx;

ALTER INDEX public.audit_events_at ATTACH PARTITION public.audit_events_20280105_20280205_at_idx;

ALTER INDEX public.audit_events_client ATTACH PARTITION public.audit_events_20280105_20280205_client_at_idx;

ALTER INDEX public.audit_events_pkey ATTACH PARTITION public.audit_events_20280105_20280205_pkey;

ALTER INDEX public.audit_events_subject ATTACH PARTITION public.audit_events_20280105_20280205_subject_at_idx;

ALTER INDEX public.authorization_codes_pkey ATTACH PARTITION public.authorization_codes_20261129_20261130_pkey;

ALTER INDEX public.authorization_codes_pkey ATTACH PARTITION public.authorization_codes_20261130_20261202_pkey;

ALTER INDEX public.authorization_codes_pkey ATTACH PARTITION public.authorization_codes_20261202_20261204_pkey;

ALTER INDEX public.refresh_tokens_pkey ATTACH PARTITION public.refresh_tokens_20261129_20261210_pkey;

ALTER INDEX public.refresh_tokens_pkey ATTACH PARTITION public.refresh_tokens_20261210_20261225_pkey;

ALTER INDEX public.refresh_tokens_pkey ATTACH PARTITION public.refresh_tokens_20261225_20270109_pkey;

ALTER INDEX public.refusals_client_id ATTACH PARTITION public.refusals_20261129_20261130_client_id_at_idx;

ALTER INDEX public.refusals_pkey ATTACH PARTITION public.refusals_20261129_20261130_pkey;

ALTER INDEX public.refusals_client_id ATTACH PARTITION public.refusals_20261130_20261202_client_id_at_idx;

ALTER INDEX public.refusals_pkey ATTACH PARTITION public.refusals_20261130_20261202_pkey;

ALTER INDEX public.refusals_client_id ATTACH PARTITION public.refusals_20261202_20261204_client_id_at_idx;

ALTER INDEX public.refusals_pkey ATTACH PARTITION public.refusals_20261202_20261204_pkey;

ALTER INDEX public.registrations_pkey ATTACH PARTITION public.registrations_20261129_20261130_pkey;

ALTER INDEX public.registrations_pkey ATTACH PARTITION public.registrations_20261130_20261202_pkey;

ALTER INDEX public.registrations_pkey ATTACH PARTITION public.registrations_20261202_20261204_pkey;

ALTER INDEX public.replays_pkey ATTACH PARTITION public.replays_20261129_20261130_pkey;

ALTER INDEX public.replays_pkey ATTACH PARTITION public.replays_20261130_20261202_pkey;

ALTER INDEX public.replays_pkey ATTACH PARTITION public.replays_20261202_20261204_pkey;

ALTER INDEX public.sessions_id ATTACH PARTITION public.sessions_20261129_20261210_id_idx;

ALTER INDEX public.sessions_pkey ATTACH PARTITION public.sessions_20261129_20261210_pkey;

ALTER INDEX public.sessions_user_id ATTACH PARTITION public.sessions_20261129_20261210_user_id_idx;

ALTER INDEX public.sessions_id ATTACH PARTITION public.sessions_20261210_20261225_id_idx;

ALTER INDEX public.sessions_pkey ATTACH PARTITION public.sessions_20261210_20261225_pkey;

ALTER INDEX public.sessions_user_id ATTACH PARTITION public.sessions_20261210_20261225_user_id_idx;

ALTER INDEX public.sessions_id ATTACH PARTITION public.sessions_20261225_20270109_id_idx;

ALTER INDEX public.sessions_pkey ATTACH PARTITION public.sessions_20261225_20270109_pkey;

ALTER INDEX public.sessions_user_id ATTACH PARTITION public.sessions_20261225_20270109_user_id_idx;

CREATE TRIGGER audit_events_capped BEFORE INSERT ON public.audit_events FOR EACH ROW WHEN ((length((new.detail)::text) > 256)) EXECUTE FUNCTION public.cap_detail();

CREATE TRIGGER audit_events_stay BEFORE DELETE OR UPDATE ON public.audit_events FOR EACH ROW EXECUTE FUNCTION public.refuse_change();

CREATE TRIGGER client_secrets_changed AFTER INSERT OR DELETE OR UPDATE ON public.client_secrets FOR EACH ROW EXECUTE FUNCTION public.tell_of_client('client_id');

CREATE TRIGGER clients_changed AFTER INSERT OR DELETE OR UPDATE ON public.clients FOR EACH ROW EXECUTE FUNCTION public.tell_of_client('id');

CREATE TRIGGER clients_unchanged BEFORE UPDATE ON public.clients FOR EACH ROW EXECUTE FUNCTION public.leave_unchanged();

CREATE TRIGGER consents_without_resources BEFORE INSERT ON public.consents FOR EACH ROW WHEN ((NOT (new.resources ? ''::text))) EXECUTE FUNCTION public.consent_without_resources();

CREATE TRIGGER grants_consented AFTER INSERT ON public.grants FOR EACH ROW WHEN (((new.user_id IS NOT NULL) AND (new.resources <> '{}'::text[]))) EXECUTE FUNCTION public.consent_to_resources();

CREATE TRIGGER resources_changed AFTER INSERT OR DELETE OR UPDATE ON public.resources FOR EACH ROW EXECUTE FUNCTION public.tell_servers('resources');

CREATE TRIGGER scopes_changed AFTER INSERT OR DELETE OR UPDATE ON public.scopes FOR EACH ROW EXECUTE FUNCTION public.tell_servers('scopes');

CREATE TRIGGER sessions_ended AFTER DELETE ON public.sessions FOR EACH ROW WHEN ((old.expires_at > now())) EXECUTE FUNCTION public.end_bound_grants();

CREATE TRIGGER signing_keys_changed AFTER INSERT OR DELETE OR UPDATE ON public.signing_keys FOR EACH ROW EXECUTE FUNCTION public.tell_servers('signing_keys');

CREATE TRIGGER users_administrated AFTER INSERT OR UPDATE OF superuser ON public.users FOR EACH ROW WHEN (new.superuser) EXECUTE FUNCTION public.close_setup();

CREATE TRIGGER users_unchanged BEFORE UPDATE ON public.users FOR EACH ROW EXECUTE FUNCTION public.leave_unchanged();

ALTER TABLE ONLY public.client_secrets
    ADD CONSTRAINT client_secrets_client_id_fkey FOREIGN KEY (client_id) REFERENCES public.clients(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.clients
    ADD CONSTRAINT clients_owner_id_fkey FOREIGN KEY (owner_id) REFERENCES public.users(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.consents
    ADD CONSTRAINT consents_client_id_fkey FOREIGN KEY (client_id) REFERENCES public.clients(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.consents
    ADD CONSTRAINT consents_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.logout_notices
    ADD CONSTRAINT logout_notices_client_id_fkey FOREIGN KEY (client_id) REFERENCES public.clients(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.logout_receivers
    ADD CONSTRAINT logout_receivers_client_id_fkey FOREIGN KEY (client_id) REFERENCES public.clients(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.resources
    ADD CONSTRAINT resources_client_id_fkey FOREIGN KEY (client_id) REFERENCES public.clients(id) ON DELETE SET NULL;

ALTER TABLE public.sessions
    ADD CONSTRAINT sessions_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

