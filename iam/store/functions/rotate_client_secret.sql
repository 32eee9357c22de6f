-- Gives a client another secret. A client has at most two secrets: the new one and, until it expires, the one before. The client's row is locked first,
-- so that two rotations at once come one after the other. Tells whether there is such a client.
create or replace function rotate_client_secret(
    client text, method text, secret uuid, digest bytea, sealed bytea, at timestamptz, until timestamptz
) returns boolean language plpgsql as $$
begin
    perform from clients c where c.id = client and c.auth_method = method and method like 'client\_secret\_%' for update;
    if not found then
        return false;
    end if;
    delete from client_secrets s where s.client_id = client and (until <= at or s.id is distinct from (
        select n.id from client_secrets n
        where n.client_id = client and (n.expires_at is null or n.expires_at > at)
        order by n.created_at desc, n.id desc limit 1
    ));
    update client_secrets s set expires_at = least(s.expires_at, until) where s.client_id = client;
    insert into client_secrets (id, client_id, digest, sealed, created_at)
    values (secret, client, rotate_client_secret.digest, rotate_client_secret.sealed, at);
    return true;
end
$$;
