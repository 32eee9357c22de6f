-- The day on which a client was last used, about; null: no use is known. Servers of a version before noted no uses of clients that
-- somebody answers for, so the newest grant counts as one too (ids of grants are in the order of time), and else a consent.
create or replace function last_use(client text, own_grant uuid) returns date language sql stable as $$
    select coalesce(
        greatest(
            (select u.day from client_uses u where u.client_id = client),
            (
                select (g.created_at at time zone 'UTC')::date from grants g
                where g.client_id = client and g.id <> own_grant order by g.id desc limit 1
            )
        ),
        (select max(k.granted_at at time zone 'UTC')::date from consents k where k.client_id = client)
    )
$$;
