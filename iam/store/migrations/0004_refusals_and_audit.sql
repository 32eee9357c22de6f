-- Why requests were refused, for a day, for the makers of the client; and what was done here, for those who answer for it.

create table refusals (
    day date not null,
    id text not null,
    at timestamptz not null,
    endpoint text not null,
    error text not null,
    failed text not null,  -- the check
    expected text not null,
    got text not null,  -- never a secret, nor a part of one
    client_id text,
    grant_type text,
    address text,
    primary key (id, day)
) partition by range (day);
create index refusals_client_id on refusals (client_id, at) where client_id is not null;
create index client_secrets_digest on client_secrets (digest);

create sequence audit_events_n;
create table audit_events (
    day date not null,
    n bigint not null default nextval('audit_events_n'),  -- the order of what was done in one moment
    id uuid not null default gen_random_uuid(),
    at timestamptz not null,
    kind text not null,
    actor text not null,  -- `user ID`, `client ID`, `command line` or `server`
    subject text,  -- the id of the person that it is about
    client text,
    address inet,
    detail jsonb not null default '{}',
    primary key (id, day)
) partition by range (day);
create index audit_events_at on audit_events (at);
create index audit_events_client on audit_events (client, at) where client is not null;
create index audit_events_subject on audit_events (subject, at) where subject is not null;

-- The day after which nobody needs an event that is written now.
create function audit_day(at timestamptz) returns date language sql immutable as $$
    select (at at time zone 'UTC')::date + 400
$$;

-- What was done stays as it was written: an event goes with its partition, and of its address only the end does (H39).
create function refuse_change() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' and to_jsonb(new) - 'address' = to_jsonb(old) - 'address' and new.address >>= old.address then
        return new;
    end if;
    raise exception 'audit events are never changed' using errcode = 'integrity_constraint_violation';
end
$$;
create trigger audit_events_stay before update or delete on audit_events for each row execute function refuse_change();
