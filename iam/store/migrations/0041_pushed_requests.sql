-- Authorization requests that clients have pushed (RFC 9126), by the digest of their handle. Once a browser has brought the handle,
-- the request is that browser's: `browser` is the digest of its cookie.
create table pushed_requests (
    digest bytea primary key,
    client_id text not null,
    parameters text not null,
    browser bytea,
    expires_at timestamptz not null
);
create index pushed_requests_expires_at on pushed_requests (expires_at);
