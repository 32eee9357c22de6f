-- Who comes into a group, or leaves one, gets or loses its role.
create or replace function derive_from_members() returns trigger language plpgsql as $$
begin
    perform derive_administrators(array(select distinct m.user_id from moved m));
    return null;
end
$$;

create or replace trigger group_members_joined after insert on group_members
    referencing new table as moved for each statement execute function derive_from_members();
create or replace trigger group_members_left after delete on group_members
    referencing old table as moved for each statement execute function derive_from_members();
