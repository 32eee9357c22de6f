-- What is written into users.superuser, as servers of the version before do, gives the role administrator or takes it away. Who has
-- it by a group keeps it.
create or replace function derive_role() returns trigger language plpgsql as $$
begin
    if new.superuser and not administers(new.id) then
        insert into role_grants (role, user_id, created_at) values ('administrator', new.id, new.updated_at)
        on conflict do nothing;
    elsif not new.superuser then
        delete from role_grants r where r.role = 'administrator' and r.client_id is null and r.user_id = new.id;
    end if;
    return null;
end
$$;

create or replace trigger users_made_administrators after insert on users
    for each row when (new.superuser) execute function derive_role();
create or replace trigger users_role_written after update of superuser on users
    for each row when (old.superuser is distinct from new.superuser) execute function derive_role();
