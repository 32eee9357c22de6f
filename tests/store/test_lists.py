"""Lists by pages read a range of an index, neither a whole table nor more than a page of it, however many rows there are."""

import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any

import pytest

from iam.database.database import Database
from iam.store import users
from iam.store.keyset import beyond
from tests.databases import as_superuser, discard, execute, make_database

Start = Callable[..., Awaitable[Database]]
WHOLE = re.compile(r"Seq Scan|Sort|Hash|Merge")
PEOPLE = """
insert into users (id, username, username_key, email, email_key, created_at, updated_at)
    select gen_random_uuid(), 'user' || n, 'user' || n, 'user' || n || '@example.org', 'user' || n || '@example.org', now(), now()
    from generate_series(1, 100000) n;
"""
AT_ALL: Mapping[str, object] = {"after": "", "prefix": "", "beyond": beyond(""), "limit": 51}
BEGINNING = {**AT_ALL, "prefix": "user77", "beyond": beyond("user77")}
FOLLOWING = {**BEGINNING, "after": "user7712"}
LISTS = {"people": users.PAGE, "people by e-mail address": users.PAGE_BY_EMAIL}


@pytest.fixture(scope="module")
def filled(cluster: Any) -> Iterator[str]:
    """A database with a hundred thousand people."""
    dsn = as_superuser(cluster, make_database(cluster))
    for sql in (PEOPLE, "analyze users"):
        execute(dsn, sql)
    yield dsn
    discard(cluster, dsn)


@pytest.mark.parametrize("told", [AT_ALL, BEGINNING, FOLLOWING], ids=["everything", "a beginning", "the next page"])
@pytest.mark.parametrize("name", LISTS)
async def test_a_page_is_a_range_of_an_index(start: Start, filled: str, name: str, told: Mapping[str, object]) -> None:
    database = await start(dsn=filled)

    plan = "\n".join(line for (line,) in await database.query("explain " + LISTS[name], dict(told)))

    assert "Index Cond" in plan
    assert WHOLE.search(plan) is None, plan
