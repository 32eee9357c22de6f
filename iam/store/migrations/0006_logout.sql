-- The end of a session: what is bound to it ends, and relying parties are told (OpenID Connect Back-Channel Logout 1.0).

-- Which grants are of a session, for those that are about a person's identity: only they are bound to it, and only their
-- clients are told of its end. Others pay nothing for it.
drop index grants_session_id;
create index grants_session_id on grants (session_id) where openid is not null;

-- Who is still to be told of which end of a session. A row is here only until it was told, mostly for a moment, so that there
-- are no partitions; the servers sign the token anew at each attempt, hence no secret is here either.
create table logout_notices (
    id uuid primary key,
    client_id text not null references clients on delete cascade,
    user_id uuid not null,
    session_id uuid not null,
    created_at timestamptz not null,
    attempts integer not null default 0,
    next_at timestamptz not null default '-infinity'  -- while a server tells it: when another one may think that it has died
);
create index logout_notices_client_id on logout_notices (client_id, next_at);

-- Clients that could not be reached: their other notices wait, so that the dead cost nobody time.
create table logout_receivers (
    client_id text primary key references clients on delete cascade,
    failures integer not null,
    next_at timestamptz not null
);

-- The pause after this many failures: five seconds, doubling up to an hour.
create function logout_pause(failures integer) returns interval language sql immutable as $$
    select make_interval(secs => least(3600, 5 * 2 ^ least(failures - 1, 12)))
$$;

-- However a session ends before its time, by logout, by an administrator, a new password, the end of the account: what is
-- bound to it ends with it, and each client that knows of it by an ID token will be told. A session whose row another one
-- takes over, when the same person logs in again, goes on. One that has expired ends nothing: that had the same end.
create or replace function end_bound_grants() returns trigger language plpgsql as $$
begin
    if exists (select from sessions s where s.id = old.id) then
        return null;
    end if;
    update grants set revoked_at = now()
    where session_id = old.id and openid is not null and session_bound and revoked_at is null;
    insert into logout_notices (id, client_id, user_id, session_id, created_at)
    select gen_random_uuid(), c.id, old.user_id, old.id, now()
    from clients c
    where c.id in (select g.client_id from grants g where g.session_id = old.id and g.openid is not null)
        and c.disabled_at is null and c.openid ->> 'backchannel_logout_uri' is not null;
    if found then
        perform pg_notify('iam_changed', 'logout_notices');
    end if;
    return null;
end
$$;
drop trigger sessions_ended on sessions;
create trigger sessions_ended after delete on sessions
    for each row when (old.expires_at > now()) execute function end_bound_grants();
