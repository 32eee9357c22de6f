-- Lists of what is somebody's, by pages: each filter is a range of an index that lies in the order of the list.
create index clients_of_owner on clients (owner_id, (lower(name) collate "C"), (id collate "C")) where owner_id is not null;
create index clients_scopes on clients using gin (scopes);
create index sessions_of_user on sessions (user_id, id);
create index personal_tokens_of_user on personal_tokens (user_id, grant_id) where user_id is not null;
create index personal_tokens_of_client on personal_tokens (client_id, grant_id) where client_id is not null;
create index role_grants_of_client on role_grants (client_id, role, coalesce(client_id, ''), coalesce(user_id, group_id))
    where client_id is not null;
create index role_grants_of_user on role_grants (user_id, role, coalesce(client_id, ''), coalesce(user_id, group_id))
    where user_id is not null;
create index role_grants_of_group on role_grants (group_id, role, coalesce(client_id, ''), coalesce(user_id, group_id))
    where group_id is not null;
create index audit_events_kind on audit_events (kind, at);
drop index clients_owner_id;
drop index sessions_user_id;
drop index personal_tokens_user_id;
drop index personal_tokens_client_id;
drop index role_grants_client_id;
drop index role_grants_user_id;
drop index role_grants_group_id;
-- How many members a group has, counted by the trigger derive_from_members.
alter table groups add column members integer not null default 0;
