"""Lists by pages read a range of an index, neither a whole table nor more than a page of it, however many rows there are."""

import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from iam.database.database import Database
from iam.store import client_statements, grants, users
from iam.store.keyset import beyond
from tests.databases import as_superuser, discard, execute, make_database

Start = Callable[..., Awaitable[Database]]
WHOLE = re.compile(r"Seq Scan on (users|clients|grants)\b|Hash|Merge Join|Sort Key: (?!s\.)")  # s: one client's secrets
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
NOBODY = "00000000-0000-0000-0000-000000000000"
NOW = datetime(2027, 1, 1, tzinfo=UTC)
PLACE: Mapping[str, object] = {"after": NOBODY, "user_id": None, "client_id": None, "now": NOW}
NAMES: Mapping[str, object] = {"after": "", "prefix": "", "beyond": beyond("")}
BEGUN: Mapping[str, object] = {"prefix": "user77", "beyond": beyond("user77")}
CLIENTS: Mapping[str, object] = {**NAMES, "name": "client 9", "id": "client77", "owner_id": None, "now": NOW}
LISTS: Mapping[str, tuple[str, Mapping[str, object]]] = {
    "people": (users.PAGE, NAMES),
    "people that begin so": (users.PAGE, {**NAMES, **BEGUN}),
    "people behind one": (users.PAGE, {**NAMES, **BEGUN, "after": "user7712"}),
    "people by e-mail address": (users.PAGE_BY_EMAIL, {**NAMES, **BEGUN}),
    "clients": (client_statements.PAGE, CLIENTS),
    "clients that begin so": (client_statements.PAGE, {**CLIENTS, "prefix": "client 7", "beyond": beyond("client 7")}),
    "grants": (grants.PAGE, PLACE),
    "grants of a person": (grants.PAGE, {**PLACE, "user_id": NOBODY}),
    "grants of a client": (grants.PAGE, {**PLACE, "client_id": "client7"}),
}


@pytest.fixture(scope="module")
def filled(cluster: Any) -> Iterator[str]:
    """A database with a hundred thousand people and grants, and ten thousand clients."""
    dsn = as_superuser(cluster, make_database(cluster))
    for sql in (ROWS, "analyze users, clients, consents, grants"):
        execute(dsn, sql)
    yield dsn
    discard(cluster, dsn)


@pytest.mark.parametrize("name", LISTS)
async def test_a_page_is_a_range_of_an_index(start: Start, filled: str, name: str) -> None:
    database = await start(dsn=filled)
    statement, told = LISTS[name]

    plan = "\n".join(line for (line,) in await database.query("explain " + statement, {**told, "limit": 51}))

    assert WHOLE.search(plan) is None, plan
