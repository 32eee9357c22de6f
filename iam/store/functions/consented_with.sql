-- What somebody allowed, with what they allow now.
create or replace function consented_with(before jsonb, allowed jsonb) returns jsonb language sql immutable as $$
    select coalesce(jsonb_object_agg(merged.uri, merged.names), '{}') from (
        select each.uri, coalesce(jsonb_agg(distinct s.name) filter (where s.name is not null), '[]') as names
        from (select * from jsonb_each($1) union all select * from jsonb_each($2)) each (uri, names)
        left join lateral jsonb_array_elements_text(each.names) s (name) on true
        group by each.uri
    ) merged
$$;
