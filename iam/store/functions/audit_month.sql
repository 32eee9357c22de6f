-- The first day (of those after which nobody needs an event) of the month in which the events of this day were written.
create or replace function audit_month(day date) returns date language sql immutable as $$
    select date_trunc('month', (day - 400)::timestamp)::date + 400
$$;
