-- The pause after this many failures: five seconds, doubling up to an hour.
create or replace function logout_pause(failures integer) returns interval language sql immutable as $$
    select make_interval(secs => least(3600, 5 * 2 ^ least(failures - 1, 12)))
$$;
