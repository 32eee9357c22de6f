-- What is written of a value that is too long for an event.
create or replace function audit_digest(value jsonb) returns jsonb language sql stable as $$
    select jsonb_build_object('sha256', encode(sha256(convert_to($1::text, 'UTF8')), 'hex'), 'length', length($1::text))
$$;
