-- Writes down what was done: its kind, when, by whom and from where, about which person and which client.
-- The statement that does it calls this in the `returning` of what it changes. In a CTE that only selects it would not be
-- called unless something reads from that one.
create or replace function audited(
    kind text, at timestamptz, actor text, address text,
    subject text default null, client text default null, detail jsonb default '{}'
) returns void language plpgsql as $$
begin
    insert into audit_events (day, at, kind, actor, subject, client, address, detail)
    values (audit_day(at), at, kind, actor, subject, client, address::inet, detail);
end
$$;
