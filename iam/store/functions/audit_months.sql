-- The months of the audit log, with the days of writing; the events of a large one are PostgreSQL's estimate.
create or replace function audit_months() returns table (name text, since date, until date, events bigint, bytes bigint)
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
