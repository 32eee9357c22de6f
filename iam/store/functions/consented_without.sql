-- What somebody allowed, without these scopes; a resource that is left without any of those it had is allowed no more.
create or replace function consented_without(before jsonb, names text[]) returns jsonb language sql immutable as $$
    select coalesce(jsonb_object_agg(each.uri, each.names - $2)
        filter (where each.uri = '' or each.names = '[]' or each.names - $2 <> '[]'), '{}')
    from jsonb_each($1) each (uri, names)
$$;
