-- Every row of the partition lies before its new end: this takes as long as reading it, and meanwhile others write there.
do $$
declare
    found record;
begin
    for found in select c.conrelid::regclass as part, c.conname as name from pg_constraint c
        where c.conrelid in (select i.inhrelid from pg_inherits i where i.inhparent = 'audit_events'::regclass)
            and c.contype = 'c' and c.conname ~ '^ends_\d{8}$'
    loop
        execute format('alter table %s validate constraint %I', found.part, found.name);
    end loop;
end
$$;
