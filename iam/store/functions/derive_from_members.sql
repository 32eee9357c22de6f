-- Who comes into a group, or leaves one, gets or loses its role, and is counted.
create or replace function derive_from_members() returns trigger language plpgsql as $$
begin
    perform derive_administrators(array(select distinct m.user_id from moved m));
    update groups g set members = g.members + case tg_op when 'INSERT' then c.number else -c.number end
    from (select m.group_id, count(*) as number from moved m group by m.group_id) c
    where g.id = c.group_id;
    return null;
end
$$;

create or replace trigger group_members_joined after insert on group_members
    referencing new table as moved for each statement execute function derive_from_members();
create or replace trigger group_members_left after delete on group_members
    referencing old table as moved for each statement execute function derive_from_members();

-- Those who are members already; whoever comes meanwhile waits, and is counted by the function above.
lock table group_members in share row exclusive mode;
update groups g set members = c.number
from (select m.group_id, count(*) as number from group_members m group by m.group_id) c
where g.id = c.group_id and g.members <> c.number;
