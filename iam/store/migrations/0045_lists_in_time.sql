-- The day on which each client was last used, '-infinity' for never, in the order of the list of unused clients. Servers write
-- client_uses, which lacks those never used; triggers keep both together (await_use, keep_last_use). Where servers of versions before
-- noted nothing, the newest grant (ids of grants are in the order of time) or else a consent tells of a use.
create table last_uses (
    client_id text primary key references clients on delete cascade,
    day date not null
);
insert into last_uses (client_id, day)
select c.id, coalesce(
    greatest(
        u.day,
        (
            select (g.created_at at time zone 'UTC')::date from grants g
            where g.client_id = c.id and g.id <> c.grant_id order by g.id desc limit 1
        )
    ),
    (select max(k.granted_at at time zone 'UTC')::date from consents k where k.client_id = c.id),
    '-infinity'
)
from clients c left join client_uses u on u.client_id = c.id;
create index last_uses_in_order on last_uses (day, client_id);

-- Events by the network of their address in the order of time: an address that is cut down to its network stays where it is.
create index audit_events_network on audit_events
    ((network(set_masklen(address, case family(address) when 4 then 24 else 48 end))), at) where address is not null;

-- The last login of a person, and who disabled them, whatever else they have done.
create index audit_events_logins on audit_events (subject, at)
    where kind in ('session.begun', 'session.renewed', 'user.disabled');

-- The newest grants that a person has given one application.
create index grants_of_user_and_client on grants (user_id, client_id, id) where user_id is not null;

-- The tokens of services that end soon.
create index grants_of_services on grants (expires_at) where user_id is null and expires_at is not null and revoked_at is null;
