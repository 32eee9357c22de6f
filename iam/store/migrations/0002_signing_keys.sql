-- The keys that sign tokens (RFC 7517). A key is published before it signs, signs while it is the newest active one of its
-- algorithm, and stays published until what it signed has expired. Private keys are encrypted under the server key, which
-- is never in the database. Of several servers that make a new key at once, one wins: there is one per generation.

create table signing_keys (
    kid text primary key,  -- the thumbprint of RFC 7638
    alg text not null,
    generation integer not null,
    public_key jsonb not null,
    private_key bytea not null,  -- AES-256-GCM; the kid is authenticated with it
    published_at timestamptz not null,
    active_at timestamptz not null,  -- it signs from then on
    removed_at timestamptz,  -- nobody trusts it from then on
    unique (alg, generation)
);
create trigger signing_keys_changed after insert or update or delete on signing_keys
    for each statement execute function tell_servers('signing_keys');

-- Which key signs the JWTs for a resource.
alter table resources add column signing_alg text not null default 'ES256';
