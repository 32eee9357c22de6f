-- Drops the months that were over by this day; what they were.
create or replace function prune_audit(before date) returns table (name text, since date, until date, events bigint, bytes bigint)
language plpgsql as $$
begin
    for name, since, until, events, bytes in select m.* from audit_months() m where m.until <= before loop
        execute format('drop table %I', name);
        return next;
    end loop;
end
$$;
