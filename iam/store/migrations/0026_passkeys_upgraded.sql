-- Made after a login by password without a question to the person: it logs in alone, but nobody is asked for it after the password.
alter table passkeys add column upgraded boolean not null default false;
