"""`iam migrate`."""

from pathlib import Path

from psycopg2.extensions import make_dsn

from tests.command_line import Iam

TABLES = "select count(*) from pg_tables where schemaname = 'public'"
MIGRATIONS = sorted(path.stem for path in Path("iam/store/migrations").glob("*.sql"))


def test_migrate_names_what_it_applied_and_then_has_nothing_to_do(untouched: Iam) -> None:
    first = untouched("migrate")
    second = untouched("migrate")

    assert (first.status, first.out.splitlines()) == (0, MIGRATIONS)
    assert (second.status, second.out) == (0, "Nothing to do.\n")
    assert untouched.execute("select count(*) from scopes") == [(10,)]


def test_the_plan_is_what_migrate_would_do_and_changes_nothing(untouched: Iam) -> None:
    plan = untouched("migrate", "--plan")

    assert (plan.status, plan.out.splitlines()) == (0, MIGRATIONS)
    assert untouched.execute(TABLES) == [(0,)]

    untouched("migrate")

    assert untouched("migrate", "--plan").out == "Nothing to do.\n"


def test_migrate_answers_programs_with_a_document(untouched: Iam) -> None:
    assert untouched("migrate", "--plan", "--json").json == {"pending": MIGRATIONS}
    assert untouched("migrate", "--json").json == {"applied": MIGRATIONS}
    assert untouched("migrate", "--json").json == {"applied": []}


def test_the_plan_makes_no_database_where_there_is_none(untouched: Iam, tmp_path: Path) -> None:
    plan = untouched("migrate", "--plan", "--data-dir", str(tmp_path / "none"), IAM_DATABASE=None)

    assert plan.out.splitlines() == MIGRATIONS
    assert not (tmp_path / "none").exists()


def test_other_commands_migrate_as_the_server_does(untouched: Iam) -> None:
    assert untouched("scope", "list", "--json").json

    assert untouched("migrate").out == "Nothing to do.\n"


def test_other_commands_leave_the_schema_alone_where_the_settings_say_so(untouched: Iam) -> None:
    outcome = untouched("scope", "list", IAM_NO_MIGRATE="true")

    assert "tables do not fit this version of iam" in outcome.complaint
    assert untouched.execute(TABLES) == [(0,)]


def test_a_newer_schema_is_left_alone(untouched: Iam) -> None:
    untouched("migrate")
    untouched.execute("insert into migrations (name) values ('9999_future')")

    assert "newer version of iam" in untouched("migrate").complaint
    assert "newer version of iam" in untouched("scope", "list").complaint


def test_a_database_that_is_not_there_is_a_sentence(untouched: Iam) -> None:
    nowhere = untouched("migrate", "--database", "host=127.0.0.1 port=1 dbname=iam user=iam")
    missing = untouched("scope", "list", "--database", make_dsn(untouched.dsn, dbname="missing"))

    assert "PostgreSQL cannot be used" in nowhere.complaint
    assert "missing" in missing.complaint


def test_a_role_of_the_servers_own_is_admitted(untouched: Iam) -> None:
    privileges = "select has_table_privilege('pg_monitor', 'users', 'insert'), has_table_privilege('pg_monitor', 'audit_events', 'delete')"

    first = untouched("migrate", "--server-role", "pg_monitor")
    again = untouched("migrate", "--server-role", "pg_monitor")
    unknown = untouched("migrate", "--server-role", "nobody_at_all")

    assert (first.status, first.out.splitlines()) == (0, MIGRATIONS)
    assert (again.status, again.out) == (0, "Nothing to do.\n")
    assert untouched.execute(privileges) == [(True, False)]
    assert unknown.status == 1
    assert 'role "nobody_at_all" does not exist' in unknown.err


def test_a_plan_for_a_directory_that_cannot_be_is_a_sentence(untouched: Iam) -> None:
    outcome = untouched("migrate", "--plan", IAM_DATABASE=None, IAM_DATA_DIR="/" + "x" * 300)

    assert "File name too long" in outcome.complaint
