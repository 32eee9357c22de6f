-- Servers of the version before write and read columns, those of this version `metadata`: whichever was written, the other follows.
-- A later version drops the columns, and this with them.
create or replace function keep_client_metadata() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' and new.metadata = old.metadata then
        if (new.openid, new.post_logout_redirect_uris, new.require_pkce, new.introspect_any, new.allow_http_redirects,
            new.auth_signing_alg, new.jwks, new.jwks_uri
        ) is not distinct from (old.openid, old.post_logout_redirect_uris, old.require_pkce, old.introspect_any,
            old.allow_http_redirects, old.auth_signing_alg, old.jwks, old.jwks_uri
        ) then
            return new;
        end if;
        new.metadata := null;  -- it is the columns that were written
    end if;
    if new.metadata is null then
        new.metadata := new.openid || (
            select coalesce(jsonb_object_agg(m.name, m.value), '{}') from (values
                ('post_logout_redirect_uris', nullif(to_jsonb(new.post_logout_redirect_uris), '[]')),
                ('require_pkce', nullif(to_jsonb(new.require_pkce), 'false')),
                ('introspect_any', nullif(to_jsonb(new.introspect_any), 'false')),
                ('allow_http_redirects', nullif(to_jsonb(new.allow_http_redirects), 'false')),
                ('token_endpoint_auth_signing_alg', to_jsonb(new.auth_signing_alg)),
                ('jwks', new.jwks),
                ('jwks_uri', to_jsonb(new.jwks_uri))
            ) m (name, value) where m.value is not null
        );
        return new;
    end if;
    new.openid := new.metadata - '{post_logout_redirect_uris,require_pkce,introspect_any,allow_http_redirects,'
        'token_endpoint_auth_signing_alg,jwks,jwks_uri}'::text[];
    new.post_logout_redirect_uris := array(select jsonb_array_elements_text(new.metadata -> 'post_logout_redirect_uris'));
    new.require_pkce := coalesce((new.metadata ->> 'require_pkce')::boolean, false);
    new.introspect_any := coalesce((new.metadata ->> 'introspect_any')::boolean, false);
    new.allow_http_redirects := coalesce((new.metadata ->> 'allow_http_redirects')::boolean, false);
    new.auth_signing_alg := new.metadata ->> 'token_endpoint_auth_signing_alg';
    new.jwks := new.metadata -> 'jwks';
    new.jwks_uri := new.metadata ->> 'jwks_uri';
    return new;
end
$$;
drop trigger if exists clients_metadata on clients;
create trigger clients_metadata before insert or update on clients
    for each row execute function keep_client_metadata();
-- Clients that are there already.
update clients set updated_at = updated_at where metadata is null;
