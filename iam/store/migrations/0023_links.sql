-- Links that are sent to a person or printed for one: to a new password, of an invitation, to an account of one's own, to an
-- address that is verified. Each is good once and for a while; functions/link_trouble.sql says what else ends it.
create table links (
    digest bytea primary key check (octet_length(digest) = 32),
    kind text not null,
    user_id uuid references users on delete cascade,  -- none: there is no such account, yet or at all
    email text,  -- the address that the link was sent to, which its use proves; none: it was printed
    data jsonb not null default '{}',  -- `password`: the version of the password that the link is for; what a kind needs besides
    created_at timestamptz not null,
    expires_at timestamptz not null,
    used_at timestamptz
);
create index links_user_id on links (user_id, kind);
create index links_expires_at on links (expires_at);

-- The public address of the servers on this database, as the one that started last has it: for links that commands print.
create table service (
    single boolean primary key default true check (single),
    issuer text not null,
    noted_at timestamptz not null
);
