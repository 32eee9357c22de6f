"""A hundred thousand people, ten thousand applications and a million grants, put into the tables in bulk."""

from typing import Any, Final

from attrs import asdict, frozen

# Ids are UUIDv7, as those that servers make: rows lie in the order of their making.
UUID7: Final = """
create or replace function uuid7(at timestamptz) returns uuid language sql volatile as $$
    select (lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0')
        || '7' || substr(replace(gen_random_uuid()::text, '-', ''), 14))::uuid
$$
"""
PEOPLE: Final = """
insert into users (id, username, username_key, email, email_key, email_verified, name, password_hash, created_at, updated_at)
select uuid7(at), 'user' || n, 'user' || n, 'user' || n || '@example.org', 'user' || n || '@example.org', n % 3 > 0,
    'User ' || n, '$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$c29tZWhhc2hzb21laGFzaHNvbWVoYXNoc29tZWhhc2g', at, at
from (select n, now() - interval '1 year' * (1 - n / {people}.0) as at from generate_series(1, {people}) n) p
"""
APPLICATIONS: Final = """
insert into clients (id, name, owner_id, grant_id, auth_method, grant_types, redirect_uris, scopes, metadata, created_at, updated_at)
select 'client' || n, 'Application ' || n,
    case when n <= 20 then (select id from users where username = 'user1')
         when n % 2 = 0 then (select id from users where username = 'user' || 1 + n % {people}) end,
    uuid7(at), 'client_secret_basic', '{{authorization_code,refresh_token,client_credentials}}',
    array['https://client' || n || '.example/callback'], '{{openid,profile,email}}', '{{}}', at, at
from (select n, now() - interval '1 year' * (1 - n / {clients}.0) as at from generate_series(1, {clients}) n) c;
insert into client_secrets (id, client_id, digest, created_at)
select uuid7(created_at), id, sha256(id::bytea), created_at from clients where id like 'client%';
insert into grants (id, client_id, grant_type, scope, created_at)
select grant_id, id, 'client_credentials', 'openid profile email', created_at from clients where id like 'client%'
"""

# Of ten grants three are of one application, whom everybody uses; the others are of whoever comes, a few applications having
# most of them, and a fifth none. One person has five of a thousand, with twenty applications.
GRANTS: Final = """
create temp table drawn as
select uuid7(at) as id, at, session, 'user' || person as username, 'client' || case
        when n % 10 < 3 then 1
        when n % 200 = 3 then 2 + n / 200 % 20
        else 1 + ({used} * random() ^ 3)::int % {used}
    end as client_id
from (
    select n, now() - interval '90 days' * (1 - n / {grants}.0) as at, gen_random_uuid() as session,
        case when n % 200 = 3 then 1 else 1 + (random() * ({people} - 1))::int end as person
    from generate_series(1, {grants}) n
) g;
insert into grants (id, session_id, user_id, client_id, grant_type, scope, openid, created_at, expires_at, revoked_at)
select d.id, d.session, u.id, d.client_id, 'authorization_code', 'openid profile email', '{{"nonce": "n-0S6_WzA2Mj"}}', d.at,
    d.at + interval '1 year', case when random() < 0.02 then d.at + interval '1 hour' end
from drawn d join users u on u.username = d.username order by d.at;
insert into consents (user_id, client_id, scopes, granted_at, resources)
select user_id, client_id, '{{openid,profile,email}}', min(created_at), '{{"": ["openid", "profile", "email"]}}'
from grants where user_id is not null and client_id is not null group by 1, 2;
drop table drawn
"""
TOKENS: Final = """
insert into access_tokens (day, digest, grant_id, scope, issued_at, expires_at)
select current_date + 1, sha256(convert_to('at' || id, 'UTF8')), id, scope, now(), now() + interval '1 hour' from grants;
insert into refresh_tokens (day, digest, grant_id, scope, issued_at, expires_at)
select day, sha256(convert_to('rt' || id, 'UTF8')), id, scope, now(), day
from (select *, current_date + 1 + (random() * 20)::int as day from grants where user_id is not null) g
"""
SESSIONS: Final = """
insert into sessions (day, digest, id, user_id, auth_time, seen_at, stepped_at, expires_at, remembered, user_agent, address)
select day, sha256(convert_to('se' || n, 'UTF8')), uuid7(at), u.id, at, now() - random() * interval '1 hour', at, day,
    true, 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', '192.0.2.1'
from (
    select n, now() - interval '1 day' * random() as at, current_date + 1 + (random() * 20)::int as day from generate_series(1, {people}) n
) s join users u on u.username = 'user' || s.n
"""
PERSONAL_TOKENS: Final = """
create temp table made as
select uuid7(now() - interval '1 day' * random()) as id, n, u.id as user_id
from generate_series(1, {clients} * 2) n join users u on u.username = 'user' || 1 + n % {people};
insert into grants (id, user_id, client_id, grant_type, scope, created_at, expires_at)
select id, case when n % 10 > 0 then user_id end, case when n % 10 = 0 then 'client' || 1 + n % {used} end,
    case when n % 10 > 0 then 'personal_token' else 'client_credentials' end, 'openid', now(), now() + interval '90 days'
from made order by id;
insert into personal_tokens (grant_id, digest, user_id, client_id, name)
select id, sha256(convert_to('pt' || n, 'UTF8')), case when n % 10 > 0 then user_id end,
    case when n % 10 = 0 then 'client' || 1 + n % {used} end, 'Token ' || n
from made;
drop table made
"""

# One group has half of the people; the others have a hundred each.
GROUPS: Final = """
insert into groups (id, name, name_key, description, created_at, updated_at)
select uuid7(now()), 'Group ' || n, 'group ' || n, 'Number ' || n, now(), now()
from generate_series(1, greatest({least}, {people} / 100)) n;
insert into group_members (group_id, user_id, owner, since)
select g.id, u.id, random() < 0.01, now()
from (
    select n, 'group ' || case when n % 2 = 0 then 1 else 1 + n % greatest({least}, {people} / 100) end as name_key, 'user' || n as username
    from generate_series(1, {people}) n
) m join groups g using (name_key) join users u using (username);
insert into role_grants (role, client_id, user_id, created_at)
select 'editor', 'client' || case when n % 2 = 0 then 1 else 1 + n % 10 end, u.id, now()
from generate_series(1, greatest({least}, {people} / 50)) n join users u on u.username = 'user' || n
"""
EVENTS: Final = """
select from tend_partitions('audit_events', current_date - 31, 1, 1);
insert into audit_events (day, at, kind, actor, subject, client, address, detail)
select audit_day(at), at,
    case when n % 5000 = 0 or n < 60 then 'user.disabled' when n % 2 = 0 then 'session.begun' else 'consent.given' end,
    'user ' || u.id, u.id::text,
    case when n % 2 = 1 then 'client' || case when n % 10 < 3 then 1 else 1 + n % {clients} end end,
    '192.0.2.1', '{{"remembered": true}}'
from (
    select n, now() - interval '25 days' * (1 - n / {grants}.0) as at,
        'user' || case when n % 200 = 3 then 1 else 1 + n % {people} end as username
    from generate_series(1, {grants}) n
) e join users u using (username) order by at
"""
REFUSALS: Final = """
insert into refusals (day, id, at, endpoint, error, failed, expected, got, client_id, grant_type, address)
select (at + interval '1 day')::date, 'refus' || lpad(n::text, 7, '0'), at, 'token', 'invalid_client', 'client secret',
    'the secret of the client', 'another one',
    case when n % 3 > 0 then 'client' || case when n % 10 < 3 then 1 else 1 + n % {clients} end end,
    'authorization_code', '192.0.2.' || n % 250
from (select n, now() - interval '20 hours' * (1 - n / {people}.0) as at from generate_series(1, {people}) n) r
"""
MAIL: Final = """
insert into outbox (id, template, recipient, user_id, detail, created_at, due_at, attempts, sent_at, given_up_at, reason)
select uuid7(at), 'new_device', u.email, u.id, '{{}}', at, at, 1, case when n % 20 > 0 then at end,
    case when n % 20 = 0 and n % 200 > 0 then at end, case when n % 20 = 0 then 'The server does not answer.' end
from (select n, now() - interval '6 days' * (1 - n / {people}.0) as at from generate_series(1, {people}) n) m
join users u on u.username = 'user' || n;
insert into links (digest, kind, user_id, email, created_at, expires_at)
select sha256(convert_to('link' || n, 'UTF8')), case when n % 2 = 0 then 'invite' else 'reset' end, u.id, u.email, now(),
    now() + interval '1 day'
from generate_series(1, {people} / 5) n join users u on u.username = 'user' || n;
insert into registration_tokens (id, digest, uses_left, created_at)
select uuid7(now()), sha256(convert_to('ia' || n, 'UTF8')), 5, now() from generate_series(1, greatest({least}, {clients} / 10)) n
"""

# Who was given something has used it; of those that nobody uses some were used long ago, the others never.
USES: Final = """
insert into client_uses (client_id, day)
select g.client_id, max(g.created_at at time zone 'UTC')::date from grants g join clients c on c.id = g.client_id and c.grant_id <> g.id
group by 1;
insert into client_uses (client_id, day)
select id, current_date - 100 - (random() * 200)::int from clients where id like 'client%' and random() < 0.5 on conflict do nothing
"""
STEPS: Final = {
    "people": PEOPLE,
    "applications": APPLICATIONS,
    "grants": GRANTS,
    "tokens": TOKENS,
    "sessions": SESSIONS,
    "personal tokens": PERSONAL_TOKENS,
    "uses": USES,
    "groups and roles": GROUPS,
    "audit log": EVENTS,
    "refusals": REFUSALS,
    "mail and links": MAIL,
}


@frozen
class Multitude:
    """How many people, applications and grants there are; of everything else it is in proportion."""

    people: int
    clients: int
    grants: int

    @property
    def numbers(self) -> dict[str, int]:
        """What the statements are told; of what lists have there are at least two pages."""
        return {**asdict(self), "used": self.clients * 4 // 5, "least": 120}

    def fill(self, cursor: Any) -> None:
        """Put them into empty tables, whose partitions a server has made."""
        if not self.people:
            return
        cursor.execute(UUID7)
        for name, sql in STEPS.items():
            print(f"{name} ...", flush=True)
            cursor.execute(sql.format(**self.numbers))
        cursor.execute("vacuum analyze")


NOBODY: Final = Multitude(0, 0, 0)
FEW: Final = Multitude(1_500, 600, 15_000)  # as many as make full pages, by whatever filter
FULL: Final = Multitude(100_000, 10_000, 1_000_000)
