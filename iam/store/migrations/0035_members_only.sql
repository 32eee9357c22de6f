-- Applications and scopes that are for the members of some groups alone. A group that one of them is for cannot be deleted.
alter table clients add column members_only boolean not null default false;
create table client_groups (
    client_id text not null references clients on delete cascade,
    group_id uuid not null references groups,
    primary key (client_id, group_id)
);
create index client_groups_group_id on client_groups (group_id);
create table scope_groups (
    scope text not null references scopes on delete cascade,
    group_id uuid not null references groups,
    primary key (scope, group_id)
);
create index scope_groups_group_id on scope_groups (group_id);
