-- Servers keep clients in memory with their owner's name: another name tells which clients have changed.
create or replace function tell_of_owner() returns trigger language plpgsql as $$
begin
    perform pg_notify('iam_changed', 'client ' || c.id) from clients c where c.owner_id = new.id;
    return null;
end
$$;

create or replace trigger users_renamed
    after update of name, username on users
    for each row when (old.name is distinct from new.name or old.username is distinct from new.username)
    execute function tell_of_owner();
