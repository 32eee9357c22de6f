-- The link by which the first administrator is made is over for good once there is one, however they were made.
create or replace function close_setup() returns trigger language plpgsql as $$
begin
    update setup s set digest = null, closed_at = new.updated_at where s.closed_at is null;
    return null;
end
$$;
