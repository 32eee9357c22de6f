-- Whom the role administrator is given to, or taken from, themselves or by a group. Whoever comes into the group meanwhile waits.
create or replace function derive_from_roles() returns trigger language plpgsql as $$
begin
    if not exists (
        select from moved r left join users u on u.id = r.user_id
        where r.role = 'administrator' and r.client_id is null and (r.group_id is not null or u.id is not null)
    ) then
        return null;
    end if;
    perform pg_advisory_xact_lock(1768779118, hashtext(current_schema() || '.administrators'));
    perform derive_administrators(array(
        select r.user_id from moved r where r.role = 'administrator' and r.client_id is null and r.user_id is not null
        union
        select m.user_id from moved r join group_members m on m.group_id = r.group_id
        where r.role = 'administrator' and r.client_id is null
    ));
    return null;
end
$$;

create or replace trigger role_grants_given after insert on role_grants
    referencing new table as moved for each statement execute function derive_from_roles();
create or replace trigger role_grants_taken after delete on role_grants
    referencing old table as moved for each statement execute function derive_from_roles();
