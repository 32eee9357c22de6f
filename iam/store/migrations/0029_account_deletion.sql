-- When an account is to be deleted, as its person asked; they may change their mind until then. A server of the version before
-- neither deletes it nor says so.
alter table users add column delete_at timestamptz;
create index users_delete_at on users (delete_at) where delete_at is not null;
