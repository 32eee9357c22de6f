-- Servers keep clients and scopes in memory; each change tells them so. A hint, never the truth (H46).
create or replace function tell_servers() returns trigger language plpgsql as $$
begin
    perform pg_notify('iam_changed', tg_argv[0]);
    return null;
end
$$;

create or replace trigger scope_groups_changed after insert or update or delete on scope_groups
    for each row execute function tell_servers('scopes');
