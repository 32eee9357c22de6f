create or replace function other_administrator(person uuid) returns boolean language plpgsql as $$
begin
    perform from users u where u.superuser and u.disabled_at is null order by u.id for no key update;
    return exists (select from users u where u.superuser and u.disabled_at is null and u.id <> person);
end
$$;
