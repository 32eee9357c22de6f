-- How a remembered browser names itself, by which its owner recognises it.
alter table remembered_browsers add column user_agent text;
