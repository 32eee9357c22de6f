-- What of `scope` means something to the resources of `audience`: all where they name no scopes (RFC 8707 §2.2).
create or replace function scope_for(scope text, audience text[]) returns text language sql stable as $$
    select coalesce(string_agg(asked.name, ' ' order by asked.n), '')
    from unnest(string_to_array($1, ' ')) with ordinality asked (name, n)
    where exists (
        select from resources r where r.uri = any ($2) and (r.scopes = '{}' or asked.name = any (r.scopes))
    )
$$;
