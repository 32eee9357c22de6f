-- The partition gets its new end, for which nothing is read any more, and the name that tells it. What lies behind is empty.
do $$
declare
    old record;
    cut text;
    behind text;
    used boolean;
begin
    for old in select b.name, b.first, b.beyond, to_date(right(c.conname, 8), 'YYYYMMDD') as ending, c.conname
        from partition_bounds b join pg_constraint c on c.conrelid = to_regclass(quote_ident(b.name))
        where b.parent = 'audit_events' and c.contype = 'c' and c.conname ~ '^ends_\d{8}$'
    loop
        cut := format('audit_events_%s_%s', to_char(old.first, 'YYYYMMDD'), to_char(old.ending, 'YYYYMMDD'));
        execute format('alter table audit_events detach partition %I', old.name);
        execute format('alter table %I rename to %I', old.name, cut);
        execute format('alter table audit_events attach partition %I for values from (%L) to (%L)', cut, old.first, old.ending);
        execute format('alter table %I drop constraint %I', cut, old.conname);
        for behind in select b.name from partition_bounds b where b.parent = 'audit_events' and b.first >= old.ending loop
            execute format('select exists (select from %I)', behind) into used;
            if not used then
                execute format('drop table %I', behind);
            end if;
        end loop;
    end loop;
end
$$;
