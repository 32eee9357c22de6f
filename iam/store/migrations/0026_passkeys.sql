-- Passkeys (WebAuthn Level 3 §4, credential record). Nothing here is secret: what proves a person stays in their authenticator.
-- user_handle is how authenticators know the account: random, the same for all passkeys of a person, and it tells nothing.
-- discoverable is null where the browser did not say; backup_eligible never changes, backed_up may with every use.
-- doubted_at: the counter went back, so there may be a copy.
create table passkeys (
    id uuid primary key,
    user_id uuid not null references users on delete cascade,
    user_handle bytea not null,
    credential_id bytea not null unique,
    public_key bytea not null,
    sign_count bigint not null,
    transports text[] not null,
    aaguid uuid not null,
    name text not null,
    discoverable boolean,
    backup_eligible boolean not null,
    backed_up boolean not null,
    created_at timestamptz not null,
    last_used_at timestamptz,
    doubted_at timestamptz
);
create index passkeys_user_id on passkeys (user_id);

-- When a person was last offered a passkey after a login, and whether they said that they want none.
create table passkey_offers (
    user_id uuid primary key references users on delete cascade,
    offered_at timestamptz not null,
    declined boolean not null default false
);
