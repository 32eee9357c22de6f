-- Groups of people, and roles: what somebody may do on this server or in an application, given to people or to groups.

create table groups (
    id uuid primary key,
    name text not null,
    name_key text not null unique,  -- as username_key of users
    description text not null default '',
    created_at timestamptz not null,
    updated_at timestamptz not null
);
create table group_members (
    group_id uuid not null references groups on delete cascade,
    user_id uuid not null references users on delete cascade,
    owner boolean not null default false,  -- may manage the group
    since timestamptz not null,
    primary key (group_id, user_id)
);
create index group_members_user_id on group_members (user_id);

-- A role on this server, or one of an application's own (client_id).
create table role_grants (
    role text not null,
    client_id text references clients on delete cascade,
    user_id uuid references users on delete cascade,
    group_id uuid references groups on delete cascade,
    created_at timestamptz not null,
    check (num_nonnulls(user_id, group_id) = 1)
);
create unique index role_grants_once on role_grants (role, coalesce(client_id, ''), coalesce(user_id, group_id));
create index role_grants_user_id on role_grants (user_id) where user_id is not null;
create index role_grants_group_id on role_grants (group_id) where group_id is not null;
create index role_grants_client_id on role_grants (client_id) where client_id is not null;

-- users.superuser says from now on whether somebody has the role administrator, themselves or by a group: triggers derive it, and
-- make a role of what servers of the version before write into it.
insert into role_grants (role, user_id, created_at) select 'administrator', id, updated_at from users where superuser;
