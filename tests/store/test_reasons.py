"""What is looked up of refusals is a range of an index, however many there are in a day."""

import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from iam.database.database import Database
from iam.store import accesses, refusals, refused_logins
from tests.databases import as_superuser, discard, execute, make_database

Start = Callable[..., Awaitable[Database]]
WHOLE = re.compile(r"Seq Scan on (users|refus|audit_events)|Hash|Merge Join|\bSort Key: (?!.*at DESC)")
NOON = datetime(2027, 1, 1, 12, tzinfo=UTC)
SOMEBODY = "00000000-0000-0000-0000-000000000007"
ROWS = """
select tend_partitions('refusals', '2027-01-01', 1, 2), tend_partitions('audit_events', '2027-01-01', 0, 0);
insert into users (id, username, username_key, created_at, updated_at)
    select ('00000000-0000-0000-0000-' || lpad(n::text, 12, '0'))::uuid, 'user' || n, 'user' || n, now(), now()
    from generate_series(1, 20000) n;
insert into refused_logins (user_id, kind, count, since, at) select id, 'wrong_password', 1, '2027-01-01', '2027-01-01' from users;
insert into refusals (day, id, at, endpoint, error, failed, expected, got, client_id, user_id)
    select '2027-01-02', lpad(n::text, 12, '0'), timestamptz '2027-01-01 12:00Z' - n * interval '0.2 seconds', '/authorize',
        'invalid_scope', 'scope', '', '', 'client' || n % 1000,
        ('00000000-0000-0000-0000-' || lpad((1 + n % 20000)::text, 12, '0'))::uuid
    from generate_series(1, 100000) n;
insert into audit_events (day, at, kind, actor, subject)
    select audit_day('2027-01-01'), timestamptz '2027-01-01 12:00Z' - n * interval '1 second', 'session.begun', 'server',
        '00000000-0000-0000-0000-' || lpad((1 + n % 20000)::text, 12, '0')
    from generate_series(1, 100000) n;
"""
ALL: Mapping[str, object] = {
    **dict.fromkeys(("before", "wanted", "client_id", "user_id", "endpoint", "error")),
    "id": "",
    "limit": 51,
    "since": NOON - timedelta(days=1),
}
LOOKED_UP: Mapping[str, tuple[str, Mapping[str, object]]] = {
    "refusals": (refusals.PAGE, ALL),
    "refusals behind one": (refusals.PAGE, {**ALL, "before": NOON - timedelta(hours=1), "id": "000000018000"}),
    "refusals of a client": (refusals.PAGE, {**ALL, "client_id": "client7"}),
    "refusals of a person": (refusals.PAGE, {**ALL, "user_id": SOMEBODY}),
    "refusals of an endpoint": (refusals.PAGE, {**ALL, "endpoint": "/authorize"}),
    "the latest of a client": (refusals.LATEST, {**ALL, "client_id": "client7", "most": 500}),
    "refused logins of a person": (refused_logins.OF_PERSON, {**ALL, "user_id": SOMEBODY}),
    "what decides about a person": (accesses.OF_PERSON, {"user_id": SOMEBODY}),
}


@pytest.fixture(scope="module")
def filled(cluster: Any) -> Iterator[str]:
    """A database with a day's refusals, and people who log in."""
    dsn = as_superuser(cluster, make_database(cluster))
    for sql in (ROWS, "analyze users, refused_logins, refusals, audit_events"):
        execute(dsn, sql)
    yield dsn
    discard(cluster, dsn)


@pytest.mark.parametrize("name", LOOKED_UP)
async def test_it_is_a_range_of_an_index(start: Start, filled: str, name: str) -> None:
    database = await start(dsn=filled)
    statement, told = LOOKED_UP[name]

    plan = "\n".join(line for (line,) in await database.query("explain " + statement, told))

    assert WHOLE.search(plan) is None, plan
