-- How many codes were typed in a login that lacks a factor, and in a session that is to get one more. A server of the version
-- before counts none.
alter table pending_logins add column codes smallint not null default 0;
alter table sessions add column codes smallint not null default 0;
