-- Servers of the version before go on granting without a word about resources in the consent.
create or replace function consent_to_resources() returns trigger language plpgsql as $$
begin
    update consents k
    set resources = consented_with(k.resources, (
        select jsonb_object_agg(r.uri, to_jsonb(string_to_array(new.scope, ' '))) from unnest(new.resources) r (uri)
    ))
    where k.user_id = new.user_id and k.client_id = new.client_id and not k.resources ?& new.resources;
    return null;
end
$$;
