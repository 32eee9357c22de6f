"""What the version before had of administrators and of scopes becomes roles and stays as it was."""

import shutil
from contextlib import closing
from pathlib import Path

import psycopg2

from iam.database import migration
from tests.databases import execute

BEFORE = "0033"  # its last migration
PEOPLE = """
insert into users (id, username, username_key, superuser, created_at, updated_at)
select gen_random_uuid(), name, name, name = 'root', '2026-01-01', '2026-01-01' from unnest('{root,alice}'::text[]) name
"""
BY_HAND = "insert into scopes (name, description, claims) values ('groups', 'Know your team', '{department}')"


def test_administrators_have_the_role_and_a_scope_that_was_made_by_hand_stays(empty_dsn: str, tmp_path: Path) -> None:
    (tmp_path / "before").mkdir()
    for file in migration.DIRECTORY.glob("*.sql"):
        if file.name[:4] <= BEFORE:
            shutil.copy(file, tmp_path / "before")
    migration.migrate(empty_dsn, tmp_path / "before")
    with closing(psycopg2.connect(empty_dsn)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(PEOPLE)
        cursor.execute(BY_HAND)

    migration.migrate(empty_dsn)

    holders = "select u.username, r.role from role_grants r join users u on u.id = r.user_id"
    scopes = "select name, claims, derived from scopes where name in ('groups', 'roles') order by name"
    assert execute(empty_dsn, holders) == [("root", "administrator")]
    assert execute(empty_dsn, scopes) == [("groups", ["department"], False), ("roles", ["roles"], True)]
