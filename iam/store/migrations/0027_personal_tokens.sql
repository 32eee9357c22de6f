-- Access tokens that people make for themselves, and applications' own that somebody makes for them. Each is a grant of its own,
-- so that what ends grants ends them too; that of a person is without a client. Servers of the version before look grants up by
-- their clients, and so never see it.
alter table grants alter column client_id drop not null;
create table personal_tokens (
    grant_id uuid primary key references grants on delete cascade,
    digest bytea not null unique,
    user_id uuid references users on delete cascade,
    client_id text references clients on delete cascade,
    name text not null,
    used_at timestamptz,
    check (num_nonnulls(user_id, client_id) = 1)
);
create index personal_tokens_user_id on personal_tokens (user_id) where user_id is not null;
create index personal_tokens_client_id on personal_tokens (client_id) where client_id is not null;
-- Whoever changes a password may keep their own tokens and end what applications have, or the other way round; what moves
-- not_before ends both.
alter table users
    add column applications_not_before timestamptz not null default '-infinity',
    add column tokens_not_before timestamptz not null default '-infinity';
