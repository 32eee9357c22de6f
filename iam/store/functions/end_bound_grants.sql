-- However a session ends before its time, by logout, by an administrator, a new password, the end of the account: what is
-- bound to it ends with it, and each client that knows of it by an ID token will be told. A session whose row another one
-- takes over, when the same person logs in again, goes on. One that has expired ends nothing: that had the same end.
create or replace function end_bound_grants() returns trigger language plpgsql as $$
declare
    -- what the statement says (moment); servers of the version before say nothing
    at timestamptz := coalesce(nullif(current_setting('iam.moment', true), '')::timestamptz, now());
begin
    if old.expires_at <= at or exists (select from sessions s where s.id = old.id) then
        return null;
    end if;
    update grants set revoked_at = at where session_id = old.id and session_bound and revoked_at is null;
    insert into logout_notices (id, client_id, user_id, session_id, created_at)
    select gen_random_uuid(), c.id, old.user_id, old.id, at
    from clients c
    where c.id in (select g.client_id from grants g where g.session_id = old.id and g.openid is not null)
        and c.disabled_at is null and c.metadata ->> 'backchannel_logout_uri' is not null
    for key share of c;  -- whoever deletes it is waited for, and then it is none
    if found then
        perform pg_notify('iam_changed', 'logout_notices');
    end if;
    return null;
end
$$;
create or replace trigger sessions_ended after delete on sessions for each row execute function end_bound_grants();
