-- Clients that are documents: their id is the URL of their metadata. How long what was read is good is kept apart from the client,
-- so that to read the same again changes no client and tells no server. Consents and grants know what the document said of itself.
create table client_documents (
    client_id text primary key references clients on delete cascade,
    host text not null,
    fetched_at timestamptz not null,
    fresh_until timestamptz not null
);
create index client_documents_host on client_documents (host);
alter table consents add column client_digest bytea;
alter table grants add column client_digest bytea;
