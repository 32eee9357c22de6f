-- What of this somebody did not allow: scopes that are not among those of the same resource, and resources that are not there.
create or replace function consented_minus(given jsonb, allowed jsonb) returns jsonb language sql immutable as $$
    select coalesce(jsonb_object_agg(each.uri, left_over.names) filter (where left_over.names <> '[]' or not $2 ? each.uri), '{}')
    from jsonb_each($1) each (uri, names)
    cross join lateral (select each.names - array(select jsonb_array_elements_text($2 -> each.uri))) left_over (names)
$$;
