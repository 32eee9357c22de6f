-- The audit log by months: what nobody needs goes by dropping a month, and one that fills the disk can be pruned. Its events
-- are as small as they tell something; what is there is one row and is never changed, but for the end of an address (H39).

-- How far what is done a little at a time has come: nothing is looked at twice.
create table progress (
    task text primary key,
    until timestamptz not null
);

create function audit_digest(value jsonb) returns jsonb language sql stable as $$
    select jsonb_build_object('sha256', encode(sha256(convert_to($1::text, 'UTF8')), 'hex'), 'length', length($1::text))
$$;

-- A value as it is, or its digest and length where it is long. Of a list of one or two, such as what was and what is, each.
create function audit_capped(value jsonb) returns jsonb language sql stable as $$
    select case
        when length($1::text) <= 256 then $1
        when jsonb_typeof($1) = 'array' and jsonb_array_length($1) <= 2 then (
            select jsonb_agg(case when length(e.value::text) <= 256 then e.value else audit_digest(e.value) end order by e.n)
            from jsonb_array_elements($1) with ordinality e (value, n)
        )
        else audit_digest($1)
    end
$$;

-- Whoever writes, servers of the version before too: an event tells the names of members, and values that are short.
create function cap_detail() returns trigger language plpgsql as $$
begin
    new.detail := (select jsonb_object_agg(left(m.key, 64), audit_capped(m.value)) from (
        select * from jsonb_each(new.detail) limit 64
    ) m);
    return new;
end
$$;
create trigger audit_events_capped before insert on audit_events
    for each row when (length(new.detail::text) > 256) execute function cap_detail();

-- The first day (of those after which nobody needs an event) of the month in which the events of this day were written.
create function audit_month(day date) returns date language sql immutable as $$
    select date_trunc('month', (day - 400)::timestamp)::date + 400
$$;

-- A row that would only get another time of its last change is left as it is, so that there is nothing to tell or to write down.
create function leave_unchanged() returns trigger language plpgsql as $$
begin
    if to_jsonb(new) - 'updated_at' = to_jsonb(old) - 'updated_at' then
        return null;
    end if;
    return new;
end
$$;
create trigger clients_unchanged before update on clients for each row execute function leave_unchanged();
create trigger users_unchanged before update on users for each row execute function leave_unchanged();

-- Servers are told of rows that changed, and of none where none did: once in a transaction, however many they were.
drop trigger scopes_changed on scopes;
drop trigger resources_changed on resources;
drop trigger signing_keys_changed on signing_keys;
create trigger scopes_changed after insert or update or delete on scopes
    for each row execute function tell_servers('scopes');
create trigger resources_changed after insert or update or delete on resources
    for each row execute function tell_servers('resources');
create trigger signing_keys_changed after insert or update or delete on signing_keys
    for each row execute function tell_servers('signing_keys');

-- As in migration 0001, but that the audit log has a partition for each month of writing, whatever `width` and `ahead` say.
create or replace function tend_partitions(parent text, today date, width integer, ahead integer)
returns table (made integer, dropped integer) language plpgsql as $$
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

-- The months of the audit log, with the days of writing; the events of a large one are PostgreSQL's estimate.
create function audit_months() returns table (name text, since date, until date, events bigint, bytes bigint)
language plpgsql stable as $$
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

-- Drops the months that were over by this day; what they were.
create function prune_audit(before date) returns table (name text, since date, until date, events bigint, bytes bigint)
language plpgsql as $$
begin
    for name, since, until, events, bytes in select m.* from audit_months() m where m.until <= before loop
        execute format('drop table %I', name);
        return next;
    end loop;
end
$$;

-- Partitions of the version before are 200 days wide. The one that is written to ends with the next month from now on, so
-- that months begin behind it: here it is said, in the next migration it is looked at, while others write, and in the one
-- after that it is cut there.
do $$
declare
    part record;
    written timestamptz := greatest(now(), (select max(at) from audit_events));
    ending date := (date_trunc('month', written at time zone 'UTC') + interval '2 months')::date + 400;
begin
    for part in select b.name, b.first from partition_bounds b
        where b.parent = 'audit_events' and b.first < ending and b.beyond > ending
    loop
        execute format('alter table %I add constraint %I check (day >= %L and day < %L) not valid',
            part.name, 'ends_' || to_char(ending, 'YYYYMMDD'), part.first, ending);
    end loop;
end
$$;
