-- The claims groups and roles, from the tables of that name. A scope that somebody has made under one of these names stays what it
-- is: its claims are those that were given to each person.
alter table scopes add column derived boolean not null default false;
insert into scopes (name, description, claims, derived, created_at)
select name, description, claims::text[], true, now() + n * interval '1 microsecond'
from (values
    ('groups', 'Know which groups you are in', '{groups}', 1),
    ('roles', 'Know which roles you have in it', '{roles}', 2)
) as derived (name, description, claims, n)
on conflict do nothing;
