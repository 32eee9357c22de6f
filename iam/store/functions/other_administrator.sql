-- Is there an enabled administrator besides this person? Whoever asks holds them all until the end of the transaction, so that
-- of two who take the last two away at once the second one sees what the first has done. What changes roles waits too.
create or replace function other_administrator(person uuid) returns boolean language plpgsql as $$
begin
    perform pg_advisory_xact_lock(1768779118, hashtext(current_schema() || '.administrators'));
    perform from users u where u.superuser and u.disabled_at is null order by u.id for no key update;
    return exists (select from users u where u.superuser and u.disabled_at is null and u.id <> person);
end
$$;
