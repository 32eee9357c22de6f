-- What was given before ends for good: with a disabled account or client, with a new password, with the first administrator.

-- Logins of before are worth nothing: a session that begins while its person is locked out, or by a password that is replaced
-- in the same moment, is none.
alter table users add column logins_not_before timestamptz not null default '-infinity';

-- Who was disabled before this rested only; from now on enabling revives nothing.
update users set not_before = greatest(not_before, disabled_at), logins_not_before = disabled_at where disabled_at is not null;
update clients set not_before = greatest(not_before, disabled_at) where disabled_at is not null;

-- Is there an enabled administrator besides this person? Whoever asks holds them all until the end of the transaction, so that
-- of two who take the last two away at once the second one sees what the first has done.
create index users_administrators on users (id) where superuser;
create function other_administrator(person uuid) returns boolean language plpgsql as $$
begin
    perform from users u where u.superuser and u.disabled_at is null order by u.id for no key update;
    return exists (select from users u where u.superuser and u.disabled_at is null and u.id <> person);
end
$$;

-- The link by which the first administrator is made: one row. Over for good once there was an administrator, whatever became
-- of them since; however they were made.
create table setup (
    single boolean primary key default true check (single),
    digest bytea,  -- of the newest link
    expires_at timestamptz,
    closed_at timestamptz
);
insert into setup (closed_at)
select coalesce(
    (select min(u.created_at) from users u where u.superuser),
    (select min(e.at) from audit_events e where e.kind = 'user.created' and e.detail @> '{"superuser": true}')
);
create function close_setup() returns trigger language plpgsql as $$
begin
    update setup s set digest = null, closed_at = new.updated_at where s.closed_at is null;
    return null;
end
$$;
create trigger users_administrated after insert or update of superuser on users
    for each row when (new.superuser) execute function close_setup();
