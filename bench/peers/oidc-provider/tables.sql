-- One table for each model of oidc-provider, found by id, and by those columns that it asks for.
do $$
declare
    model text;
begin
    foreach model in array array['Client', 'ClientCredentials', 'AccessToken', 'RefreshToken', 'AuthorizationCode', 'Grant',
        'Session', 'Interaction', 'InitialAccessToken', 'RegistrationAccessToken', 'DeviceCode', 'ReplayDetection',
        'PushedAuthorizationRequest', 'BackchannelAuthenticationRequest']
    loop
        execute format('create table %I (id text primary key, payload jsonb not null, grant_id text, user_code text, uid text,
            expires_at timestamptz, consumed_at timestamptz)', model);
        execute format('create index on %I (grant_id) where grant_id is not null', model);
    end loop;
end
$$;
create index on "Session" (uid);
create index on "DeviceCode" (user_code);
create table accounts (id text primary key);
