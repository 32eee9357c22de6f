-- A client that is registered has never been used.
create or replace function await_use() returns trigger language plpgsql as $$
begin
    insert into last_uses (client_id, day) values (new.id, '-infinity') on conflict do nothing;
    return null;
end
$$;

create or replace trigger clients_await_use after insert on clients for each row execute function await_use();
insert into last_uses (client_id, day) select c.id, '-infinity' from clients c on conflict do nothing;
