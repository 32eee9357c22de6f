-- Whoever writes, servers of the version before too: an event tells the names of members, and values that are short.
create or replace function cap_detail() returns trigger language plpgsql as $$
begin
    new.detail := (select jsonb_object_agg(left(m.key, 64), audit_capped(m.value)) from (
        select * from jsonb_each(new.detail) limit 64
    ) m);
    return new;
end
$$;
