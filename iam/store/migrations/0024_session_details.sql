-- What people see of their sessions and of the applications that they allowed. A server of the version before writes none of it.

-- The browser, as it names itself, and the network address of the login.
alter table sessions add column user_agent text;
alter table sessions add column address inet;

-- The hour in which the application was last given a token.
alter table consents add column used_at timestamptz;
