"""Hot statements look rows up by their keys: also when they were planned while tables were empty, or are skewed."""

import re
from collections.abc import Awaitable, Callable

import pytest
import pytest_twisted

from iam.clock import Clock
from iam.database.database import Database
from iam.settings import Settings
from iam.store.store import open_store
from tests.databases import execute

Start = Callable[..., Awaitable[Database]]
WHOLE = re.compile(r"Seq Scan|Hash|Merge|Disabled| Index (Only )?Scan using \S+ on (?!.*\n\s*Index Cond)")
CONSENTS = re.compile(r"\S+ on consents.*\n\s*Index Cond: (.*)")
GRANTS = re.compile(r"\S+ on grants.*\n\s*Index Cond: (.*)")
GIVEN = "select scopes, resources from consents where user_id = '00000000-0000-0000-0000-000000000000' and client_id = 'everybody'"

# Many clients with one consent and one secret each, as the statistics know them, and one that everybody uses.
MANY = """
insert into users (id, username, username_key, created_at, updated_at)
    select gen_random_uuid(), 'user' || n, 'user' || n, now(), now() from generate_series(1, 3000) n;
insert into clients (id, name, grant_id, auth_method, grant_types, scopes, created_at, updated_at)
    select 'client' || n, 'client', gen_random_uuid(), 'none', '{}', '{}', now(), now() from generate_series(1, 3000) n;
insert into client_secrets (id, client_id, digest, created_at)
    select gen_random_uuid(), id, sha256(id::bytea), now() from clients;
insert into consents (user_id, client_id, scopes, granted_at)
    select id, 'client' || substr(username, 5), '{read}', now() from users;
insert into grants (id, user_id, client_id, grant_type, scope, created_at)
    select gen_random_uuid(), user_id, client_id, 'authorization_code', 'read', now() from consents;
"""
ONE = """
insert into clients (id, name, grant_id, auth_method, grant_types, scopes, created_at, updated_at)
    values ('everybody', 'client', gen_random_uuid(), 'none', '{}', '{}', now(), now());
insert into consents (user_id, client_id, scopes, granted_at) select id, 'everybody', '{read}', now() from users;
insert into grants (id, user_id, client_id, grant_type, scope, created_at)
    select gen_random_uuid(), id, 'everybody', 'authorization_code', 'read', now() from users;
"""
STATISTICS = "analyze users, clients, client_secrets, consents, grants"
STOCKS = {
    "empty": (),
    "many": (MANY, STATISTICS),
    "one that the statistics do not know": (MANY, STATISTICS, ONE),
    "one": (MANY, ONE, STATISTICS),
}


@pytest_twisted.async_fixture(params=STOCKS)
async def plans(request: pytest.FixtureRequest, start: Start, migrated_dsn: str) -> dict[str, str]:
    """The plan of each hot statement, by its name, and of the look at a consent."""
    for sql in STOCKS[request.param]:
        execute(migrated_dsn, sql)
    database = await start(lambda database: open_store(database, Clock(lambda: 0.0), Settings()), dsn=migrated_dsn)
    await database.main.tend()  # what has no partitions needs no plan

    async def plan(statement: str) -> str:
        return "\n".join(line for (line,) in await database.query("explain " + statement))

    plans = {"consents": await plan(GIVEN)}
    for name, statement in database.statements.items():
        plans[name] = await plan(f"execute {name}({', '.join(['null'] * statement.width)})")
    return plans


async def test_no_hot_statement_reads_a_whole_table(plans: dict[str, str]) -> None:
    assert len(plans) > 5
    assert {name: found[0] for name, plan in plans.items() if (found := WHOLE.search(plan))} == {}


def conditions(plans: dict[str, str], table: re.Pattern[str]) -> list[tuple[str, str]]:
    """By what each statement looks a table up, with the statement's name."""
    found = [(name, condition) for name, plan in plans.items() for condition in table.findall(plan)]
    assert {"access_tokens_find", "refresh_tokens_claim", "authorization_codes_claim"} <= {name for name, _ in found}
    return found


async def test_a_consent_is_looked_up_by_person_and_client(plans: dict[str, str]) -> None:
    found = conditions(plans, CONSENTS)

    assert [(name, at) for name, at in found if "user_id" not in at or "client_id" not in at] == []


async def test_a_grant_is_looked_up_by_its_id(plans: dict[str, str]) -> None:
    found = conditions(plans, GRANTS)

    assert [(name, at) for name, at in found if not at.startswith("(id = ")] == []


async def test_whether_a_grant_lives_is_planned_with_the_statement_around_it(plans: dict[str, str]) -> None:
    assert [name for name, plan in plans.items() if "Function Scan on may_live" in plan] == []
