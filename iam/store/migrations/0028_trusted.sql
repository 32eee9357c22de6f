-- What a client has got of a person's consent without anybody asking them, since it is trusted, by resource like `resources`:
-- where it is not trusted any more, people are asked about that. Servers of the version before know no trust, and ask.
alter table consents add column unasked jsonb not null default '{}';
