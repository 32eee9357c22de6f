-- Why people cannot log in, for who helps them: wrong passwords and codes of those who have an account, and logins that were
-- held up, with the buckets that were empty. Kept for a day. Refusals know the person who was logged in.
create table refused_logins (
    user_id uuid not null references users on delete cascade,
    kind text not null,
    count bigint not null,
    since timestamptz not null,
    at timestamptz not null,
    address inet,
    until timestamptz,
    buckets bytea[] not null default '{}',
    primary key (user_id, kind)
);
create index refused_logins_at on refused_logins (at);
alter table refusals add column user_id uuid;
create index refusals_user_id on refusals (user_id, at, id) where user_id is not null;
create index refusals_at on refusals (at, id);
