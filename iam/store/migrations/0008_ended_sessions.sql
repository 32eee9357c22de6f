-- What is bound to a session ends with it, whether it is about an identity or not; and a client that is deleted at the same
-- moment is nobody to tell, and no reason to refuse the logout.

drop index grants_session_id;
create index grants_session_id on grants (session_id) where openid is not null or session_bound;

create or replace function end_bound_grants() returns trigger language plpgsql as $$
begin
    if exists (select from sessions s where s.id = old.id) then
        return null;
    end if;
    update grants set revoked_at = now() where session_id = old.id and session_bound and revoked_at is null;
    insert into logout_notices (id, client_id, user_id, session_id, created_at)
    select gen_random_uuid(), c.id, old.user_id, old.id, now()
    from clients c
    where c.id in (select g.client_id from grants g where g.session_id = old.id and g.openid is not null)
        and c.disabled_at is null and c.openid ->> 'backchannel_logout_uri' is not null
    for key share of c;  -- whoever deletes it is waited for, and then it is none
    if found then
        perform pg_notify('iam_changed', 'logout_notices');
    end if;
    return null;
end
$$;
