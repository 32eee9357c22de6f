-- Which of these scopes are for the members of groups, of which this person is in none?
create or replace function barred(person uuid, names text[]) returns text[] language sql stable cost 1 as $$
    select array(
        select distinct s.scope from scope_groups s
        where s.scope = any ($2) and not exists (
            select from scope_groups r join group_members m on m.group_id = r.group_id
            where r.scope = s.scope and m.user_id = $1
        )
    )
$$;
