-- Clients that register themselves (RFC 7591) and look after what is said of them (RFC 7592).

-- The SHA-256 digest of the client's registration access token; none: people or the command line registered it.
alter table clients add column registration_digest bytea;

-- Initial access tokens: who has one may register clients.
create table registration_tokens (
    id uuid primary key,
    digest bytea not null unique,
    scopes text[] not null default '{}',  -- that its clients may ask for besides those of OpenID Connect
    uses_left integer check (uses_left >= 0),  -- none: any number
    created_at timestamptz not null,
    expires_at timestamptz,
    revoked_at timestamptz
);

-- How many clients a network has registered in a day without an initial access token.
create table registrations (
    day date not null,
    network inet not null,
    number integer not null,
    primary key (network, day)
) partition by range (day);
