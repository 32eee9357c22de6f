-- Makes the partitions of a table for the days from yesterday to `ahead` days from now, `width` days each, and drops those
-- whose last day is over; the audit log has one for each month of writing, whatever `width` and `ahead` say. Any number of
-- servers may call it at the same time. A busy table is waited for only a moment.
-- It runs with the owner's rights, whoever asks, so that a server may have a role that owns nothing (admit_server).
create or replace function tend_partitions(parent text, today date, width integer, ahead integer)
returns table (made integer, dropped integer) language plpgsql as $$
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
do $$
begin
    execute format(
        'alter function tend_partitions(text, date, integer, integer) security definer set search_path = %I, pg_temp',
        current_schema()
    );
end
$$;
revoke execute on function tend_partitions(text, date, integer, integer) from public;
