-- What the role of a server needs that owns nothing: it reads and writes rows, and cannot change what an event of the audit log
-- says, nor the triggers that guard it. Partitions are reached through their tables, so that those to come need nothing said.
create or replace function admit_server(role text) returns void language plpgsql as $$
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
