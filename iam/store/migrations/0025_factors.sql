-- Second factors: what people have besides their password, and logins that still lack one of them.

-- A login whose password was right, and which becomes a session once a factor is proved. Until then no other address knows it.
create table pending_logins (
    digest bytea primary key check (octet_length(digest) = 32),
    user_id uuid not null references users on delete cascade,
    auth_time timestamptz not null,
    remembered boolean not null,
    amr text[] not null,
    address inet,
    expires_at timestamptz not null
);
create index pending_logins_user_id on pending_logins (user_id);
create index pending_logins_expires_at on pending_logins (expires_at);

-- The secret of a person's authenticator app, encrypted, and the newest step of 30 seconds whose code was used: codes of this and
-- earlier steps are not good any more.
create table totp_secrets (
    user_id uuid primary key references users on delete cascade,
    sealed bytea not null,
    last_step bigint not null,
    created_at timestamptz not null
);

-- Codes for who has lost their other factors; each is good once.
create table recovery_codes (
    user_id uuid not null references users on delete cascade,
    digest bytea not null check (octet_length(digest) = 32),
    created_at timestamptz not null,
    used_at timestamptz,
    primary key (user_id, digest)
);

-- Browsers in which a person is not asked for another factor, by the digest of the person's mark in the browser's device cookie.
create table remembered_browsers (
    digest bytea primary key check (octet_length(digest) = 32),
    id uuid not null unique,
    user_id uuid not null references users on delete cascade,
    created_at timestamptz not null,
    expires_at timestamptz not null
);
create index remembered_browsers_user_id on remembered_browsers (user_id);
create index remembered_browsers_expires_at on remembered_browsers (expires_at);

-- How well people must have proved who they are before a scope is granted; none: their password is enough.
alter table scopes add column acr text;
