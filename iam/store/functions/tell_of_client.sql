-- A change of a client tells which one. Servers of the version before do not know the word, and read everything again.
create or replace function tell_of_client() returns trigger language plpgsql as $$
begin
    perform pg_notify('iam_changed', 'client ' || (coalesce(to_jsonb(new), to_jsonb(old)) ->> tg_argv[0]));
    return null;
end
$$;
