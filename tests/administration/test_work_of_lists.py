"""Lists, what is shown, and what an action ends are found by looking at few rows, however many there are."""

import json
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any

import pytest
import pytest_twisted
from attrs import define, field
from twisted.internet import reactor

from bench.asked import OBJECTS, is_list, wishes
from bench.multitude import Multitude
from iam.administration.actions.action import Action
from iam.administration.actions.operator import ON_THE_MACHINE
from iam.administration.actions.performing import perform
from iam.administration.actions.table import ACTIONS
from iam.administration.administration import Administration
from iam.administration.ending import LOOKED
from iam.clock import Clock
from iam.database.database import Database
from iam.records.numbers import MOST
from iam.settings import Settings
from iam.store.overview import EVENTS
from iam.store.store import open_store
from tests.databases import Start, as_superuser, discard, execute, make_database, starting

MANY = Multitude(people=20_000, clients=5_000, grants=120_000)
PARTITIONS = "select from tend_partitions('{table}', current_date, 30, 40)"
TABLES = ("sessions", "access_tokens", "refresh_tokens", "refusals")
PAGE = 50
FEW = 40 * PAGE  # rows that a statement of a page may look at, with those that it looks up beside them
EXPLAIN = "explain (analyze, timing off, format json) "
INDEXED = "set enable_sort = off; set enable_seqscan = off"  # so that a plan has these only where no index helps
SORTED = 2 * (PAGE + 1)  # rows of two ranges, each a page and one more
LISTS = [action for action in ACTIONS if is_list(action)]
SHOWN = [action for action in ACTIONS if not action.changes and not is_list(action)]
ENDING = [action for action in ACTIONS if action.losses and action.noun != "keys"]  # of which there are few
# Pages of a disk are as soon read in any order, as on today's: with so few rows whole tables would look better else.
SOME = """
do $$ begin execute format('alter database %I set random_page_cost = 1.1', current_database()); end $$;
insert into scopes (name, description) values ('known', 'Known');
insert into resources (uri, lifetime, created_at) values ('https://api.example', 3600, now());
insert into totp_secrets (user_id, sealed, last_step, created_at) select id, '', 0, now() from users where username = 'user1';
update clients set registration_digest = '\x01' where id = 'client1'
"""

# What the inputs of actions name: what there is most of, or the first of a list.
KNOWN = {
    **OBJECTS,
    "user": OBJECTS["person"],
    "client": OBJECTS["application"],
    "scope": "known",
    "resource": "https://api.example",
    "groups": ["group 1"],
    "role": "administrator",
    "password": "a long one that nobody has",
    "text": "iam_pt_of_nobody",
    "setting": "issuer",
    "before": "2026-01-01",
}
FIRST = {
    "session": "session.list",
    "grant": "grant.list",
    "mail": "mail.list",
    "invitation": "invitation.list",
    "token": "registration_token.list",
}
BESIDES = {"role.revoke": {"group"}, "token.revoke_all": {"user"}}
# Those that look at more rows, but at no more than so many.
COUNTED = {
    **dict.fromkeys(
        ("application.restrict", "scope.delete", "scope.restrict", "resource.delete", "resource.disable"), 3 * LOOKED
    ),
    "overview.show": EVENTS + 6 * MOST,
}


@define
class Desk:
    """The rules of administration, and the statements that they ask for."""

    on: Administration
    database: Database
    asked: list[tuple[str, Any]] = field(factory=list)

    async def work(self) -> dict[str, int]:
        """How many rows each statement so far has looked at."""
        asked, self.asked = self.asked[:], []
        found = {}
        for sql, parameters in asked:
            ((plan,),) = await Database.query(self.database, EXPLAIN + sql, parameters)
            plan = json.loads(plan) if isinstance(plan, str) else plan
            work = {
                f"{each['Node Type']} {each.get('Relation Name')}": looked_at(each) for each in nodes(plan[0]["Plan"])
            }
            found[sql] = sum(work.values())
            print(work, sql)  # shown where a test fails
        self.asked = []
        return found


def nodes(plan: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The node, and all below it."""
    yield plan
    for each in plan.get("Plans", ()):
        yield from nodes(each)


def looked_at(node: Mapping[str, Any]) -> int:
    """The rows that this node read from a table, and those that it threw away."""
    if "Scan" not in node["Node Type"] or "Relation Name" not in node:
        return 0
    rows = node["Actual Rows"] + node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
    return int(rows * node["Actual Loops"])


def plans(cursor: Any, asked: Sequence[tuple[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """Yields how these statements were done."""
    for sql, parameters in asked:
        cursor.execute(EXPLAIN + sql, parameters)
        yield cursor.fetchone()[0][0]["Plan"]


def orderless(node: Mapping[str, Any]) -> bool:
    """Whether the node reads a table without an index, or sorts more than what a page needs."""
    if node["Node Type"] == "Seq Scan":
        return bool(node["Actual Rows"] + node.get("Rows Removed by Filter", 0) > SORTED)
    return node["Node Type"] == "Sort" and bool(node["Plans"][0]["Actual Rows"] > SORTED)


@pytest.fixture(scope="module")
def filled(cluster: Any) -> Iterator[str]:
    """A database with many of everything."""
    import psycopg2

    dsn = as_superuser(cluster, make_database(cluster))
    for table in TABLES:
        execute(dsn, PARTITIONS.format(table=table))
    connection = psycopg2.connect(dsn)
    connection.autocommit = True
    MANY.fill(connection.cursor())
    execute(dsn, SOME)
    connection.close()
    yield dsn
    discard(cluster, dsn)


@pytest.fixture(scope="module")
def indexed(filled: str) -> Iterator[Any]:
    """A cursor whose statements use an index wherever there is one; they are given as text, so that no plan is kept."""
    import psycopg2

    with closing(psycopg2.connect(filled)) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        cursor.execute(INDEXED)
        yield cursor


@pytest_twisted.async_yield_fixture
async def desk(filled: str) -> AsyncIterator[Desk]:
    async with starting(filled) as start:
        yield await opened(start)


async def opened(start: Start) -> Desk:
    """Rules on the filled database, whose statements are noted."""
    clock, settings, stores = Clock(reactor.seconds), Settings(), []
    database = await start(lambda each: stores.append(open_store(each, clock, settings)))
    nothing: Any = lambda: None  # noqa: E731
    desk = Desk(Administration(stores[0], clock, settings, nothing, nothing, nothing, nothing), database)

    def note(sql: str, parameters: Any = ()) -> Any:
        desk.asked.append((sql, parameters))
        return Database.query(database, sql, parameters)

    database.query = note  # type: ignore[method-assign]
    return desk


def cases() -> Iterator[Any]:
    """Each list, without a filter and with each."""
    for action in LISTS:
        for number, wish in enumerate([{}, *wishes(action)]):
            yield pytest.param(action, wish, id=f"{action.name}-{'-'.join(wish) or 'all'}-{number}")


@pytest.mark.parametrize(("action", "wish"), [*cases()])
async def test_a_page_of_a_list_looks_at_few_rows_in_the_order_of_an_index(
    desk: Desk, indexed: Any, action: Action[Any, Any], wish: dict[str, str]
) -> None:
    named = {name: KNOWN[name] for name in action.input.model_fields if f"{{{name}}}" in action.path}
    work, asked = {}, []
    after = None
    for _ in range(2):
        told = {**named, **wish, "limit": PAGE} | ({"after": after} if after else {})
        page = await perform(desk.on, action, action.input.model_validate(told), ON_THE_MACHINE)
        asked += desk.asked
        work |= {f"{sql} {after}": rows for sql, rows in (await desk.work()).items()}
        after = page.next

    assert work or action.noun == "settings"  # which are in no table
    assert {sql: rows for sql, rows in work.items() if rows > FEW} == {}
    assert [node for plan in plans(indexed, asked) for node in nodes(plan) if orderless(node)] == []


async def wish_for(desk: Desk, action: Action[Any, Any]) -> Any:
    """An input about what there is most of."""
    wanted = {name for name, member in action.input.model_fields.items() if member.is_required()} | BESIDES.get(
        action.name, set()
    )
    told = {}
    for name in wanted:
        told[name] = KNOWN[name] if name in KNOWN else await first(desk, FIRST[name])
    desk.asked.clear()
    return action.input.model_validate(told)


async def first(desk: Desk, name: str) -> str:
    """The id of the first of a list."""
    (listing,) = (action for action in LISTS if action.name == name)
    return str(
        (await perform(desk.on, listing, listing.input.model_validate({"limit": 1}), ON_THE_MACHINE)).items[0].id
    )


@pytest.mark.parametrize("action", SHOWN, ids=lambda action: action.name)
async def test_what_is_shown_is_found_by_looking_at_few_rows(desk: Desk, action: Action[Any, Any]) -> None:
    await perform(desk.on, action, await wish_for(desk, action), ON_THE_MACHINE)

    work = await desk.work()

    assert {sql: rows for sql, rows in work.items() if rows > COUNTED.get(action.name, FEW)} == {}


@pytest.mark.parametrize("action", ENDING, ids=lambda action: action.name)
async def test_what_an_action_ends_is_told_by_looking_at_few_rows(desk: Desk, action: Action[Any, Any]) -> None:
    assert action.losses
    await action.losses(desk.on, await wish_for(desk, action))

    work = await desk.work()

    assert {sql: rows for sql, rows in work.items() if rows > COUNTED.get(action.name, FEW)} == {}
