-- Requests of the API that may come again, by their Idempotency-Key, with the encrypted answer; kept for a day.
create table repeated_requests (
    token bytea not null,
    key text not null,
    input bytea not null,
    answer bytea,
    created_at timestamptz not null,
    primary key (token, key)
);
create index repeated_requests_created_at on repeated_requests (created_at);
