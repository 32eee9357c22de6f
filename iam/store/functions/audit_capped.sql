-- A value as it is, or its digest and length where it is long. Of a list of one or two, such as what was and what is, each.
create or replace function audit_capped(value jsonb) returns jsonb language sql stable as $$
    select case
        when length($1::text) <= 256 then $1
        when jsonb_typeof($1) = 'array' and jsonb_array_length($1) <= 2 then (
            select jsonb_agg(case when length(e.value::text) <= 256 then e.value else audit_digest(e.value) end order by e.n)
            from jsonb_array_elements($1) with ordinality e (value, n)
        )
        else audit_digest($1)
    end
$$;
