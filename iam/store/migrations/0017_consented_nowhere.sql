-- What a person allowed for a resource is allowed there, and not without one: such a token is good wherever somebody takes it.
-- The scopes that were shown without a resource stand in the consent too, under ''. Of those who consented before, nobody was
-- shown a resource.
update consents set resources = resources || jsonb_build_object('', to_jsonb(scopes)) where not resources ? '';

-- Servers of the version before go on writing consents without a word about that.
create function consent_without_resources() returns trigger language plpgsql as $$
begin
    new.resources := new.resources || jsonb_build_object('', to_jsonb(new.scopes));
    return new;
end
$$;
create trigger consents_without_resources before insert on consents
    for each row when (not new.resources ? '') execute function consent_without_resources();
