-- Filters of the audit log, of refusals, of links to passwords and of applications, and mail that was given up: each is a range of
-- an index in the order of the list.
create index audit_events_actor on audit_events (actor, at);
create index refusals_endpoint on refusals (endpoint, at, id);
create index refusals_error on refusals (error, at, id);
create index links_to_passwords on links (expires_at, id) where kind in ('invite', 'reset') and used_at is null;
create index outbox_given_up on outbox (given_up_at) where given_up_at is not null;
create index clients_of_themselves on clients ((lower(name) collate "C"), (id collate "C")) where registration_digest is not null;
create index clients_disabled on clients ((lower(name) collate "C"), (id collate "C")) where disabled_at is not null;
