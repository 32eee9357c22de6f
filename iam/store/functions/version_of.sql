-- The version of an object that is administered: it is another one after each change of what is shown of it. Null: there is no
-- such object, or the noun has no versions. (Not stable: each look is at what is committed by then, see require_version.)
create or replace function version_of(noun text, key text) returns text language plpgsql volatile as $$
begin
    case noun
        when 'people' then
            return (select u.xmin::text from users u where u.id = key::uuid);
        when 'groups' then
            return (
                select g.xmin || ' ' || (select count(*) from group_members m where m.group_id = g.id) from groups g
                where g.id = key::uuid
            );
        when 'applications' then
            return (
                select c.xmin || ' ' || array(select r.group_id from client_groups r where r.client_id = c.id order by 1)::text
                from clients c where c.id = key
            );
        when 'scopes' then
            return (
                select s.xmin || ' ' || array(select r.group_id from scope_groups r where r.scope = s.name order by 1)::text
                from scopes s where s.name = key
            );
        when 'resources' then
            return (select r.xmin::text from resources r where r.uri = key);
        else
            return null;
    end case;
end
$$;
