-- Client metadata by their own names, what is not there having its default (RFC 7591 §2, OpenID Connect Registration §2). What
-- statements ask for stays a column: name, auth_method, grant_types, redirect_uris and scopes. The other columns are kept in step
-- for servers of the version before (functions/keep_client_metadata), which fills this one too.
alter table clients add column metadata jsonb;
