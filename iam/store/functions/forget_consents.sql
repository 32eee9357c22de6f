-- A person who ends what they granted is asked again before any application gets anything: what they allowed goes with it.
create or replace function forget_consents() returns trigger language plpgsql as $$
begin
    delete from consents k where k.user_id = new.id;
    return null;
end
$$;

create or replace trigger users_ended_grants
    after update of not_before, applications_not_before on users
    for each row when (
        new.not_before > old.not_before or new.applications_not_before > old.applications_not_before
    )
    execute function forget_consents();
