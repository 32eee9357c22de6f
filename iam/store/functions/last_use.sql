-- The day on which a client was last used, about; null: no use is known. What was used a moment ago is not noted yet, so the
-- newest grant counts as a use too (ids of grants are in the order of time).
create or replace function last_use(client text, own_grant uuid) returns date language sql stable as $$
    select greatest(
        (select nullif(l.day, '-infinity') from last_uses l where l.client_id = client),
        (
            select (g.created_at at time zone 'UTC')::date from grants g
            where g.client_id = client and g.id <> own_grant order by g.id desc limit 1
        )
    )
$$;
