-- What tells one password of an account from the next, and nothing about either; none is a version too.
create or replace function password_version(hash text) returns text language sql stable as $$
    select encode(sha256(convert_to(coalesce($1, ''), 'UTF8')), 'hex')
$$;
