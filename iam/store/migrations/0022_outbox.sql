-- Mail that is to be sent, written by the statement that does what it tells of (functions/mailed.sql), so that neither is there
-- without the other. Any server sends it. What was sent stays some days, for who asks whether it was.
create table outbox (
    id uuid primary key,
    template text not null,  -- which of templates/mail
    recipient text not null,
    user_id uuid,  -- whom it is about; no reference, since it is sent also where the account is gone by then
    detail jsonb not null,  -- what the template says besides
    secret bytea,  -- a link, encrypted by the server's key; only until the mail is sent or given up
    created_at timestamptz not null,
    due_at timestamptz not null default '-infinity',  -- while a server sends it: when another one may think that it has died
    attempts integer not null default 0,
    reason text,  -- why the last attempt failed
    sent_at timestamptz,
    given_up_at timestamptz
);
create index outbox_due on outbox (due_at, created_at) where sent_at is null and given_up_at is null;
create index outbox_ended on outbox (coalesce(sent_at, given_up_at)) where sent_at is not null or given_up_at is not null;
