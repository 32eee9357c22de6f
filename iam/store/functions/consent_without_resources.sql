-- Servers of the version before go on writing consents without a word about what was shown without a resource.
create or replace function consent_without_resources() returns trigger language plpgsql as $$
begin
    new.resources := new.resources || jsonb_build_object('', to_jsonb(new.scopes));
    return new;
end
$$;
