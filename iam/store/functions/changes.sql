-- The members that differ between a row as it was and as it is, each with both values; none: nothing has changed.
create or replace function changes(before jsonb, after jsonb) returns jsonb language sql immutable as $$
    select jsonb_object_agg(n.key, jsonb_build_array(o.value, n.value))
    from jsonb_each($2) n join jsonb_each($1) o using (key)
    where n.value <> o.value
$$;
