-- What somebody may ask for who registers a client, how many clients there may be, and which of them are still used.

-- Only administrators give it to a client.
alter table scopes add column restricted boolean not null default false;

-- What a client asked for when it registered itself and did not get, by member.
alter table clients add column left_out jsonb not null default '{}';

-- Clients that nobody answers for; these are counted, and swept when nobody uses them.
create index clients_of_strangers on clients (created_at)
    where registration_digest is not null and registration_token_id is null;

-- The day on which a client that nobody answers for was last used, about: servers write it down now and then. No foreign key
-- and no word to the servers: nobody's memory depends on it.
create table client_uses (
    client_id text primary key,
    day date not null
);
insert into client_uses (client_id, day)
select id, current_date from clients where registration_digest is not null and registration_token_id is null;

-- May this person own another application? Those who ask at the same time are answered one after the other.
create function may_own_another(person uuid, most integer) returns boolean language plpgsql as $$
begin
    if most is null then
        return true;
    end if;
    perform from users u where u.id = person for no key update;
    return (select count(*) from clients c where c.owner_id = person) < most;
end
$$;

-- May there be another client that nobody answers for? Likewise.
create function may_be_another_stranger(most integer) returns boolean language plpgsql as $$
begin
    if most is null then
        return true;
    end if;
    perform pg_advisory_xact_lock(1768779118, hashtext(current_schema() || '.strangers'));
    return (
        select count(*) from clients where registration_digest is not null and registration_token_id is null
    ) < most;
end
$$;

-- A change of a client tells which one. Servers of the version before do not know the word, and read everything again.
create function tell_of_client() returns trigger language plpgsql as $$
begin
    perform pg_notify('iam_changed', 'client ' || (coalesce(to_jsonb(new), to_jsonb(old)) ->> tg_argv[0]));
    return null;
end
$$;
drop trigger clients_changed on clients;
create trigger clients_changed after insert or update or delete on clients
    for each row execute function tell_of_client('id');
drop trigger client_secrets_changed on client_secrets;
create trigger client_secrets_changed after insert or update or delete on client_secrets
    for each row execute function tell_of_client('client_id');
