-- Lets a change go on only if the object is still of this version. Until the end of the transaction nobody else changes it, so
-- that of many who have seen the same version one is first, and the others fail.
create or replace function require_version(noun text, key text, version text) returns void language plpgsql volatile as $$
begin
    case noun
        when 'people' then perform from users u where u.id = key::uuid for no key update;
        when 'groups' then perform from groups g where g.id = key::uuid for no key update;
        when 'applications' then perform from clients c where c.id = key for no key update;
        when 'scopes' then perform from scopes s where s.name = key for no key update;
        when 'resources' then perform from resources r where r.uri = key for no key update;
        else return;
    end case;
    if version_of(noun, key) is distinct from version then
        raise exception 'it has changed since' using errcode = 'integrity_constraint_violation', constraint = 'unchanged';
    end if;
end
$$;
