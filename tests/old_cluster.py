"""A cluster as iam made it with an older PostgreSQL: the system's, whose programs `tests/system.sh` installs."""

import re
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from pytest_twisted import blockon
from twisted.internet.defer import Deferred

from iam.database.migration import migrate
from iam.embedded import account, binaries, postmaster
from iam.embedded.cluster import Cluster
from iam.embedded.installation import BOOTSTRAP, Installation

ROWS = """
insert into users (id, username, username_key, name, claims, created_at, updated_at)
    select gen_random_uuid(), 'person ' || n, 'person ' || n, E'\\u00fcml\\u00e4ut\\n"quoted"', '{"a": [1]}', now(), now()
    from generate_series(1, 50) n;
select from tend_partitions('access_tokens', current_date, 1, 3);
insert into access_tokens (day, digest, grant_id, scope, issued_at, expires_at)
    select current_date, sha256(n::text::bytea), gen_random_uuid(), 'read', now(), now() + interval '1 hour'
    from generate_series(1, 2000) n
"""
PEOPLE = "select md5(string_agg(t::text, ',' order by t)) from (select * from users) t"
TOKENS = "select md5(string_agg(t::text, ',' order by t)) from (select * from access_tokens) t"


@pytest.fixture(scope="session")
def old_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory of an older PostgreSQL, to be copied."""
    from twisted.internet import reactor

    directory = tmp_path_factory.mktemp("old") / "data"
    blockon(Deferred.fromCoroutine(make(reactor, directory)))
    return directory


def programs() -> Path:
    """The directory of the newest PostgreSQL of the system that is older than ours."""
    newest = int(binaries.find_installed().major)
    found = {int(path.parent.name): path for path in Path("/usr/lib/postgresql").glob("*/bin")}
    older = [major for major in found if major < newest and (found[major] / "postgres").exists()]
    assert older, "the tests need an older PostgreSQL of the system: run tests/system.sh"
    return found[max(older)]


def major() -> str:
    """Its major version."""
    found = re.search(r"/(\d+)/bin$", str(programs()))
    assert found is not None
    return found.group(1)


async def installation(reactor: Any, data_dir: Path) -> Installation:
    """The older PostgreSQL on this data directory."""
    cluster = Cluster(data_dir)
    user = await account.choose(reactor, cluster.owner)
    return Installation(
        reactor, cluster, user, await binaries.find_in(reactor, programs(), user), lambda _: None, durable=False
    )


async def make(reactor: Any, data_dir: Path) -> None:
    """A data directory as an older iam left it: migrated, with rows, stopped."""
    cluster = Cluster(data_dir)
    cluster.make_data_dir()
    old = await installation(reactor, data_dir)
    draft = cluster.draft(old.account)
    with old.handle(draft) as (where, keep):
        kind = ("--username=postgres", "--encoding=UTF8", "--locale=C", "--data-checksums", "--auth=reject")
        await old.run(["initdb", "-D", where, *kind, "--no-instructions", "--no-sync"], "", keep)
        await old.run(["postgres", "--single", "-D", where, "-c", "exit_on_error=on", "postgres"], BOOTSTRAP, keep)
    cluster.adopt(draft)
    running = await postmaster.ensure(old)
    migrate(old.dsn)
    execute(old.dsn, ROWS)
    await postmaster.end(old, running, 8)


def execute(dsn: str, sql: str) -> Any:
    """Run a statement; the first value that it yields."""
    with closing(psycopg2.connect(dsn)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()[0] if cursor.description else None
