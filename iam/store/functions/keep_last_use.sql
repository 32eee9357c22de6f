-- What servers note of a client's use is its last use. A client that is being deleted has none any more.
create or replace function keep_last_use() returns trigger language plpgsql as $$
begin
    update last_uses set day = new.day where client_id = new.client_id and day < new.day;
    return null;
end
$$;

create or replace trigger client_uses_kept after insert or update on client_uses for each row execute function keep_last_use();
