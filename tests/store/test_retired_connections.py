"""A connection that is to go after the statement under way answers that first."""

from psycopg2.extensions import parse_dsn
from twisted.internet import reactor

from iam.database.connection import Connection
from iam.database.errors import Unavailable


async def test_a_connection_that_leaves_gives_the_rows_of_the_statement_under_way(empty_dsn: str) -> None:
    connection = Connection(reactor)
    await connection.open(parse_dsn(empty_dsn))

    answer = connection.run("select 1 from pg_sleep(0.2)")
    connection.retire(Unavailable("another host is the primary"), at_once=False)

    assert await answer.addTimeout(20, reactor) == [(1,)]
    assert not connection.alive
