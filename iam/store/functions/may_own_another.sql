-- May this person own another application? Those who ask at the same time are answered one after the other.
create or replace function may_own_another(person uuid, most integer) returns boolean language plpgsql as $$
begin
    if most is null then
        return true;
    end if;
    perform from users u where u.id = person for no key update;
    return (select count(*) from clients c where c.owner_id = person) < most;
end
$$;
