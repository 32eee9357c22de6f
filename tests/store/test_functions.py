"""A function of the schema is as its file says: replaced when that changes, and left alone where a newer version has changed it."""

import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from iam.database import functions, migration
from iam.database.functions import HISTORY, history
from iam.database.migration import MigrationError, applied, migrate, pending
from tests.schema import remember

OURS = migration.DIRECTORY.with_name(migration.FUNCTIONS)
FIRST_WITHOUT = "0019"  # the first migration without functions
Admin = Callable[[str], list[tuple[Any, ...]]]


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A migration, and beside it a function that says what it is."""
    (tmp_path / "migrations").mkdir()
    (tmp_path / "functions").mkdir()
    (tmp_path / "migrations" / "0001_things.sql").write_text("create table things (name text);")
    write(tmp_path / "migrations", "first")
    return tmp_path / "migrations"


def write(files: Path, word: str) -> None:
    """Let the function say this word from now on."""
    directory = files.with_name("functions")
    (directory / HISTORY).touch()
    text = f"create or replace function word() returns text language sql as $$ select '{word}' $$;"
    (directory / "word.sql").write_text(text)
    remember(directory)


def word(dsn: str) -> str:
    with closing(psycopg2.connect(dsn)) as connection, connection.cursor() as cursor:
        cursor.execute("select word()")
        return str(cursor.fetchone()[0])


def test_a_new_database_gets_all_functions_which_goes_without_saying(empty_dsn: str, files: Path) -> None:
    assert pending(empty_dsn, files) == ["0001_things"]

    assert migrate(empty_dsn, files) == ["0001_things"]

    assert (word(empty_dsn), applied(empty_dsn)) == ("first", ["0001_things"])
    assert (pending(empty_dsn, files), migrate(empty_dsn, files)) == ([], [])


def test_a_database_of_the_version_before_gets_functions_behind_the_migrations(empty_dsn: str, files: Path) -> None:
    (files.with_name("functions") / "word.sql").rename(files.parent / "word.sql")
    migrate(empty_dsn, files)
    (files.parent / "word.sql").rename(files.with_name("functions") / "word.sql")
    (files / "0002_more.sql").write_text("create table more (name text);")

    assert pending(empty_dsn, files) == ["0002_more", "functions/word"]
    assert migrate(empty_dsn, files) == ["0002_more", "functions/word"]


def test_a_function_is_replaced_when_its_text_has_changed(empty_dsn: str, files: Path) -> None:
    migrate(empty_dsn, files)
    write(files, "second")

    assert pending(empty_dsn, files) == ["functions/word"]
    assert migrate(empty_dsn, files) == ["functions/word"]

    assert word(empty_dsn) == "second"
    assert migrate(empty_dsn, files) == []


def test_a_version_before_does_not_put_its_own_function_back(empty_dsn: str, files: Path) -> None:
    migrate(empty_dsn, files)
    before = {path: path.read_text() for path in files.with_name("functions").iterdir()}
    write(files, "second")
    migrate(empty_dsn, files)
    for path, text in before.items():
        path.write_text(text)

    assert (pending(empty_dsn, files), migrate(empty_dsn, files)) == ([], [])

    assert word(empty_dsn) == "second"


def test_servers_that_start_at_once_replace_it_once(empty_dsn: str, files: Path) -> None:
    migrate(empty_dsn, files)
    write(files, "second")
    barrier = threading.Barrier(4)

    def start() -> list[str]:
        barrier.wait()
        return migrate(empty_dsn, files)

    with ThreadPoolExecutor(4) as threads:
        names = [name for run in [threads.submit(start) for _ in range(4)] for name in run.result()]

    assert names == ["functions/word"]


def test_a_failing_function_leaves_all_as_they_were_and_names_itself(empty_dsn: str, files: Path) -> None:
    migrate(empty_dsn, files)
    write(files, "second")
    (files.with_name("functions") / "zero.sql").write_text("create or replace function zero() returns nonsense")

    with pytest.raises(MigrationError, match="functions/zero failed"):
        migrate(empty_dsn, files)

    assert word(empty_dsn) == "first"


def test_the_newest_line_of_the_history_is_the_text_of_each_function() -> None:
    newest = dict(history(OURS))
    changed = {each.name for each in functions.functions(OURS) if newest.get(Path(each.name).name) != each.hash}

    assert changed == set(), "run make schema"


def test_every_function_of_the_schema_has_a_file_and_no_two_share_a_name(empty_dsn: str, admin: Admin) -> None:
    migrate(empty_dsn)
    with closing(psycopg2.connect(empty_dsn)) as connection, connection.cursor() as cursor:
        cursor.execute("select proname from pg_proc where pronamespace = current_schema()::regnamespace order by 1")
        names = [name for (name,) in cursor.fetchall()]

    assert names == sorted(path.stem for path in OURS.glob("*.sql"))


def test_a_migration_makes_no_functions() -> None:
    """They would be overwritten by what stands in the file of the function."""
    later = [path for path in migration.DIRECTORY.glob("*.sql") if path.name >= FIRST_WITHOUT]

    assert [path.name for path in later if re.search(r"\bcreate\b[^;]*\bfunction\b", path.read_text())] == []
