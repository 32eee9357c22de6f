"""What a command takes of PostgreSQL."""

from typing import Any

from twisted.internet import reactor
from twisted.internet.task import deferLater

from iam import settings
from iam.administration.administration import Administration
from iam.commands.running import administer
from tests.command_line import Iam

COUNT = "select count(*) from pg_stat_activity where datname = current_database() and backend_type = 'client backend'"


async def test_a_command_opens_four_connections_however_long_it_takes(untouched: Iam) -> None:
    async def work(on: Administration) -> Any:
        await deferLater(reactor, 0.5)
        return await on.store.database.query(COUNT)

    told = settings.read({"database": untouched.dsn, "data_dir": str(untouched.data_dir)})

    assert await administer(reactor, told, work) == [(4,)]
