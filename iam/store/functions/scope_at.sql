-- What of `scope` a token for these resources has: what the person allowed this client there, and still means something there
-- (RFC 8707 §2.2). What is about the person is not measured against a resource.
create or replace function scope_at(scope text, audience text[], person uuid, client text) returns text language sql stable as $$
    select coalesce(string_agg(asked.name, ' ' order by asked.n), '')
    from unnest(string_to_array($1, ' ')) with ordinality asked (name, n)
    where asked.name = 'offline_access'
        or exists (select from scopes s where s.name = asked.name and s.claims <> '{}')
        or exists (
            select from resources r
            where r.uri = any ($2) and (r.scopes = '{}' or asked.name = any (r.scopes)) and exists (
                select from consents k
                where k.user_id = $3 and k.client_id = $4 and k.resources -> r.uri ? asked.name
            )
        )
$$;
