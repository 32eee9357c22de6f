-- The roles that this person has on this server, or in this application, themselves or by groups.
create or replace function roles_of(person uuid, client text) returns text[] language sql stable as $$
    select coalesce(array_agg(distinct held.role order by held.role), '{}') from (
        select r.role from role_grants r where r.user_id = $1 and r.client_id is not distinct from $2
        union all
        select r.role from group_members m join role_grants r on r.group_id = m.group_id
        where m.user_id = $1 and r.client_id is not distinct from $2
    ) held
$$;
