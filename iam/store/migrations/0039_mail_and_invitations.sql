-- Lists of mail and of invitations, by pages. A mail that a server is sending is due again at `lent_until`; servers of the version
-- before do not say so. A link has a name that is no secret.
alter table outbox add column lent_until timestamptz;
create index outbox_in_order on outbox (created_at, id);
create index outbox_of_user on outbox (user_id, created_at, id) where user_id is not null;
create index outbox_by_state on outbox (
    (case when sent_at is not null then 'delivered' when given_up_at is not null then 'failed' else 'waiting' end),
    created_at, id
);
alter table links add column id uuid not null default gen_random_uuid();
create unique index links_id on links (id);
create index links_in_order on links (expires_at, id);
drop index links_expires_at;
