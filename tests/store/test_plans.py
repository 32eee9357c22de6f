"""Hot statements look rows up by their keys, even when they were planned while all tables were empty."""

import re
from collections.abc import Awaitable, Callable

from iam.clock import Clock
from iam.database.database import Database
from iam.settings import Settings
from iam.store.store import open_store

Start = Callable[..., Awaitable[Database]]
WHOLE = re.compile(r"Seq Scan|Hash|Merge|Disabled| Index (Only )?Scan using \S+ on (?!.*\n\s*Index Cond)")


async def test_no_hot_statement_reads_a_whole_table(start: Start, migrated_dsn: str) -> None:
    database = await start(lambda database: open_store(database, Clock(lambda: 0.0), Settings()), dsn=migrated_dsn)
    plans = {}
    for name, statement in database.statements.items():
        nothing = ", ".join(["null"] * statement.width)
        plans[name] = "\n".join(line for (line,) in await database.query(f"explain execute {name}({nothing})"))

    assert len(plans) > 5
    assert {name: found[0] for name, plan in plans.items() if (found := WHOLE.search(plan))} == {}
