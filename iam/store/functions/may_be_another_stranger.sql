-- May there be another client that nobody answers for? Those who ask at the same time are answered one after the other.
create or replace function may_be_another_stranger(most integer) returns boolean language plpgsql as $$
begin
    if most is null then
        return true;
    end if;
    perform pg_advisory_xact_lock(1768779118, hashtext(current_schema() || '.strangers'));
    return (
        select count(*) from clients where registration_digest is not null and registration_token_id is null
    ) < most;
end
$$;
