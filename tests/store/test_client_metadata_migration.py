"""Clients that servers of the version before registered have their metadata in one column."""

import json
import shutil
from contextlib import closing
from pathlib import Path

import psycopg2

from iam.database import migration
from tests.flows.test_client_metadata_columns import INSERT, PLAIN, RICH, SAID

BEFORE = "0018"  # its last migration


def test_clients_of_the_version_before_are_there(empty_dsn: str, tmp_path: Path) -> None:
    (tmp_path / "before").mkdir()
    for file in migration.DIRECTORY.glob("*.sql"):
        if file.name[:4] <= BEFORE:
            shutil.copy(file, tmp_path / "before")
    migration.migrate(empty_dsn, tmp_path / "before")
    with closing(psycopg2.connect(empty_dsn)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(INSERT, {"id": "shop", **RICH})
        cursor.execute(INSERT, {"id": "plain", **PLAIN})

    migration.migrate(empty_dsn)

    with closing(psycopg2.connect(empty_dsn)) as connection, connection, connection.cursor() as cursor:
        cursor.execute("select id, metadata from clients order by id")
        kept = dict(cursor.fetchall())
    assert kept["plain"] == {}
    assert kept["shop"] == json.loads(json.dumps(SAID))
