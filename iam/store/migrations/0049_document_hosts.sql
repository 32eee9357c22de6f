-- Hosts whose documents are no clients any more, those not either that nobody has read yet.
create table document_hosts (
    host text primary key,
    disabled_at timestamptz not null
);
