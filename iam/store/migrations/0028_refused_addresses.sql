-- The address that came, without what may be secret in it, where a registered one was expected. Servers of the version before
-- leave it out.
alter table refusals add column presented text not null default '';
