-- The names of the groups that this person is a member of.
create or replace function groups_of(person uuid) returns text[] language sql stable as $$
    select coalesce(array_agg(g.name order by g.name_key), '{}')
    from group_members m join groups g on g.id = m.group_id where m.user_id = $1
$$;
