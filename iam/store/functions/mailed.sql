-- Puts a mail into the outbox, and returns whether there is somebody to receive it: without a recipient it does nothing.
-- The statement that does what the mail tells of calls this as it calls audited().
create or replace function mailed(
    template text, recipient text, user_id uuid, at timestamptz, detail jsonb, secret bytea default null
) returns boolean language plpgsql as $$
begin
    if recipient is null then
        return false;
    end if;
    insert into outbox (id, template, recipient, user_id, detail, secret, created_at)
    values (gen_random_uuid(), template, recipient, user_id, coalesce(detail, '{}'), secret, at);
    perform pg_notify('iam_changed', 'outbox');
    return true;
end
$$;
