-- What devices ask for (RFC 8628): found by its user code until somebody decides, and by its device code when the device polls.
-- `allowed` is null until then; what is allowed lies in authorization_codes under the same digest. A poll before `poll_at` is too
-- early, and makes the device wait longer: `pause` seconds from one poll to the next.
create table device_codes (
    digest bytea primary key,
    day date not null,
    user_code bytea not null unique,
    client_id text not null references clients on delete cascade,
    scope text not null,
    resources text[] not null default '{}',
    address text,
    user_agent text,
    asked_at timestamptz not null,
    expires_at timestamptz not null,
    pause smallint not null default 5,
    poll_at timestamptz,
    allowed boolean,
    refreshes boolean not null default true
) with (fillfactor = 70);
create index device_codes_client_id on device_codes (client_id);
create index device_codes_expires_at on device_codes (expires_at);
