-- Has this person the role administrator on this server, themselves or by a group?
create or replace function administers(person uuid) returns boolean language sql stable as $$
    select exists (
        select from role_grants r where r.role = 'administrator' and r.client_id is null and r.user_id = $1
    ) or exists (
        select from group_members m join role_grants r on r.group_id = m.group_id
        where m.user_id = $1 and r.role = 'administrator' and r.client_id is null
    )
$$;
