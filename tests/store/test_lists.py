"""Lists by pages read a range of an index, neither a whole table nor more than a page of it, however many rows there are."""

import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from attrs import asdict

from iam.database.database import Database
from iam.store import client_statements, grants, invitations, posted_mails, users
from iam.store.clients import EVERY
from iam.store.keyset import beyond
from tests.databases import as_superuser, discard, execute, make_database

Start = Callable[..., Awaitable[Database]]
WHOLE = re.compile(
    r"Seq Scan on (users|clients|grants|outbox|links)\b|Hash|Merge Join|Sort Key: (?!s\.)"
)  # s: one client's secrets
ROWS = """
insert into users (id, username, username_key, email, email_key, created_at, updated_at)
    select gen_random_uuid(), 'user' || n, 'user' || n, 'user' || n || '@example.org', 'user' || n || '@example.org', now(), now()
    from generate_series(1, 100000) n;
insert into clients (id, name, grant_id, auth_method, grant_types, scopes, created_at, updated_at)
    select 'client' || n, 'Client ' || n, gen_random_uuid(), 'none', '{}', '{}', now(), now() from generate_series(1, 10000) n;
insert into consents (user_id, client_id, scopes, granted_at)
    select id, 'client' || (1 + substr(username, 5)::int % 100), '{read}', now() from users;
insert into grants (id, user_id, client_id, grant_type, scope, created_at)
    select gen_random_uuid(), user_id, client_id, 'authorization_code', 'read', now() from consents;
"""
# Mail of which almost all was delivered, and links of which almost all have expired.
MAIL = """
insert into outbox (id, template, recipient, user_id, detail, created_at, sent_at, given_up_at)
    select gen_random_uuid(), 'new_device', email, id, '{}', at, case when n % 1000 > 1 then at end, case when n % 1000 = 1 then at end
    from (select u.*, row_number() over () as n from users u) u, lateral (select timestamptz '2026-12-31' + n * interval '1 s' as at) a;
insert into links (digest, kind, user_id, email, created_at, expires_at)
    select sha256(id::text::bytea), case when n % 1000 < 2 then 'invite' else 'reset' end, id, email, timestamptz '2026-12-31',
        timestamptz '2026-12-31' + case when n % 1000 < 2 then interval '7 days' else interval '1 hour' end
    from (select u.*, row_number() over () as n from users u) u;
"""
NOBODY = "00000000-0000-0000-0000-000000000000"
NOW = datetime(2027, 1, 1, tzinfo=UTC)
PLACE: Mapping[str, object] = {"after": NOBODY, "user_id": None, "client_id": None, "now": NOW}
NAMES: Mapping[str, object] = {"after": "", "prefix": "", "beyond": beyond("")}
BEGUN: Mapping[str, object] = {"prefix": "user77", "beyond": beyond("user77")}
CLIENTS: Mapping[str, object] = {**NAMES, "name": "client 9", "id": "client77", "now": NOW, **asdict(EVERY)}
POSTED: Mapping[str, object] = {
    **dict.fromkeys(("id", "before", "state", "user_id", "since")),
    "before_id": NOBODY,
    "now": NOW,
}
OFFERED: Mapping[str, object] = {
    **dict.fromkeys(("id", "before", "user_id", "kind")),
    "before_id": NOBODY,
    "now": NOW,
}
LISTS: Mapping[str, tuple[str, Mapping[str, object]]] = {
    "people": (users.PAGE, NAMES),
    "people that begin so": (users.PAGE, {**NAMES, **BEGUN}),
    "people behind one": (users.PAGE, {**NAMES, **BEGUN, "after": "user7712"}),
    "people by e-mail address": (users.PAGE_BY_EMAIL, {**NAMES, **BEGUN}),
    "clients": (client_statements.PAGE, CLIENTS),
    "clients that begin so": (client_statements.PAGE, {**CLIENTS, "prefix": "client 7", "beyond": beyond("client 7")}),
    "clients that nobody uses": (client_statements.PAGE, {**CLIENTS, "unused_since": NOW.date()}),
    "clients that registered themselves": (client_statements.PAGE, {**CLIENTS, "registered_itself": True}),
    "grants": (grants.PAGE, PLACE),
    "grants of a person": (grants.PAGE, {**PLACE, "user_id": NOBODY}),
    "grants of a client": (grants.PAGE, {**PLACE, "client_id": "client7"}),
    "mail": (posted_mails.PAGE, POSTED),
    "mail behind one": (posted_mails.PAGE, {**POSTED, "before": NOW}),
    "mail that waits": (posted_mails.PAGE, {**POSTED, "state": "waiting"}),
    "mail that was delivered": (posted_mails.PAGE, {**POSTED, "state": "delivered"}),
    "mail that failed": (posted_mails.PAGE, {**POSTED, "state": "failed"}),
    "mail to a person": (posted_mails.PAGE, {**POSTED, "user_id": NOBODY}),
    "mail of today": (posted_mails.PAGE, {**POSTED, "since": NOW}),
    "invitations": (invitations.PAGE, OFFERED),
    "invitations behind one": (invitations.PAGE, {**OFFERED, "before": NOW}),
    "invitations alone": (invitations.PAGE, {**OFFERED, "kind": "invite"}),
}


@pytest.fixture(scope="module")
def filled(cluster: Any) -> Iterator[str]:
    """A database with a hundred thousand people and grants, and ten thousand clients."""
    dsn = as_superuser(cluster, make_database(cluster))
    for sql in (ROWS, MAIL, "analyze users, clients, consents, grants, outbox, links"):
        execute(dsn, sql)
    yield dsn
    discard(cluster, dsn)


@pytest.mark.parametrize("name", LISTS)
async def test_a_page_is_a_range_of_an_index(start: Start, filled: str, name: str) -> None:
    database = await start(dsn=filled)
    statement, told = LISTS[name]

    plan = "\n".join(line for (line,) in await database.query("explain " + statement, {**told, "limit": 51}))

    assert WHOLE.search(plan) is None, plan


async def test_the_links_of_a_person_are_looked_up(start: Start, filled: str) -> None:
    database = await start(dsn=filled)

    told = {**OFFERED, "user_id": NOBODY, "limit": 51}
    plan = "\n".join(line for (line,) in await database.query("explain " + invitations.PAGE, told))

    assert "Index Scan using links_user_id on links l" in plan
    assert "Seq Scan" not in plan
