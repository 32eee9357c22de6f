-- Is this person in one of the groups that this client is for? (Its cost is said to be small: what calls it is planned as without it.)
create or replace function admitted(person uuid, client text) returns boolean language sql stable cost 1 as $$
    select exists (
        select from client_groups r join group_members m on m.group_id = r.group_id
        where r.client_id = $2 and m.user_id = $1
    )
$$;
