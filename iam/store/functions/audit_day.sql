-- The day after which nobody needs an event that is written now.
create or replace function audit_day(at timestamptz) returns date language sql immutable as $$
    select (at at time zone 'UTC')::date + 400
$$;
