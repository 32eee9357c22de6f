-- Why this person, or this client, cannot have another token of their own: it was made before by the same form (`made`), they
-- have one of this name (`name`), or as many as there may be (`number`); null if they can. Those who ask at the same time are
-- answered one after the other.
create or replace function token_obstacle(
    person uuid, client text, token bytea, called text, most integer, at timestamptz
) returns text language plpgsql as $$
declare
    names text[];
begin
    perform from users u where u.id = person for no key update;
    perform from clients c where c.id = client for no key update;
    if exists (select from personal_tokens t where t.digest = token) then
        return 'made';
    end if;
    names := array(
        select t.name from personal_tokens t join grants g on g.id = t.grant_id
        where (t.user_id = person or t.client_id = client) and g.revoked_at is null and g.expires_at > at
    );
    return case when called = any (names) then 'name' when cardinality(names) >= most then 'number' end;
end
$$;
