"""What destroys something says at a terminal what goes with it, and asks."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.command_line import Iam

PASSWORD = "seven wet otters sing"
URI = "https://shop.example.org/callback"


def client_of(iam: Iam, *options: str) -> str:
    return str(iam("client", "create", "--name", "Shop", "--redirect-uri", URI, *options, "--json").json["client_id"])


def listed(iam: Iam, *options: str) -> Any:
    return iam("audit", "list", "--json", *options).json


def kinds(iam: Iam, *options: str) -> list[str]:
    return [event["kind"] for event in listed(iam, *options)]


def test_at_a_terminal_it_is_said_what_goes_and_nothing_goes_without_a_yes(iam: Iam) -> None:
    iam("user", "create", "--username", "alice")
    client_id = client_of(iam, "--owner", "alice")
    [(user_id,)] = iam.execute("select id from users where username = 'alice'")
    iam.execute(
        "insert into sessions (day, id, digest, user_id, auth_time, seen_at, expires_at) "
        "values (current_date + 1, gen_random_uuid(), '\\x00', %s, now(), now(), now() + interval '1 day');"
        "insert into consents (user_id, client_id, scopes, granted_at) values (%s, %s, '{read}', now());"
        "insert into grants (id, user_id, client_id, grant_type, scope, created_at) "
        "values (gen_random_uuid(), %s, %s, 'authorization_code', 'read', now())",
        (user_id, user_id, client_id, user_id, client_id),
    )

    with iam.at_terminal("user", "delete", "alice") as terminal:
        terminal.answer("Delete alice, for good? [y/N]:", "")
        kept = terminal.end()
    there = iam("user", "show", "alice").status
    with iam.at_terminal("user", "delete", "alice") as again:
        again.answer("[y/N]:", "y")
        gone = again.end()

    assert (kept, there, gone) == (1, 0, 0)
    assert "1 session\n" in terminal.screen
    assert "1 grant: Shop\n" in terminal.screen
    assert "1 application: Shop\n" in terminal.screen
    assert "Nothing is changed." in terminal.screen
    assert iam("user", "show", "alice").status == 1


def test_the_last_administrator_stays_and_nobody_is_asked(untouched: Iam) -> None:
    untouched(
        "createsuperuser", "--username", "root", "--email", "root@example.org", "--password-stdin", given=PASSWORD
    )

    with untouched.at_terminal("user", "disable", "root") as terminal:
        status = terminal.end()

    assert status == 1
    assert "last enabled administrator" in terminal.screen
    assert "last enabled administrator" in untouched("user", "delete", "root", "--yes").complaint
    assert untouched("user", "show", "root", "--json").json["disabled"] is False


def test_before_a_secret_or_all_that_was_issued_is_void_a_person_is_asked(iam: Iam) -> None:
    job = iam("client", "create", "--name", "Rotor", "--json").json
    before = iam.execute("select digest from client_secrets where client_id = %s", (job["client_id"],))

    with iam.at_terminal("client", "rotate-secret", job["client_id"]) as terminal:
        terminal.answer("Give Rotor", "n")
        assert terminal.end() == 1
    with iam.at_terminal("database", "restored") as other:
        other.answer("Void all that was issued until now?", "n")
        assert other.end() == 1

    assert iam.execute("select digest from client_secrets where client_id = %s", (job["client_id"],)) == before
    assert "stops working at once" in terminal.screen
    assert "All sessions end" in other.screen
    assert "Nothing is changed." in other.screen
    assert iam("client", "rotate-secret", job["client_id"]).status == 0


def test_a_month_that_is_over_is_removed_after_a_question(iam: Iam) -> None:
    long_ago = datetime.now(UTC) - timedelta(days=100)
    iam.execute("select tend_partitions('audit_events', %s, 0, 0)", (long_ago.date(),))
    iam.execute(
        "insert into audit_events (day, at, kind, actor) select audit_day(%s), %s, 'a.b', 'server'",
        (long_ago, long_ago),
    )
    before = (long_ago + timedelta(days=62)).date().isoformat()
    unasked = iam("audit", "prune", "--before", before)
    with iam.at_terminal("audit", "prune", "--before", before) as refused:
        refused.answer("Remove these 1 events", "n")
        status = refused.end()
    kept = kinds(iam, "--kind", "a.b")

    gone = iam("audit", "prune", "--before", before, "--yes", "--json")

    assert (unasked.status, status, kept) == (2, 1, ["a.b"])
    assert sum(month["events"] for month in gone.json["removed"]) == 1
    assert kinds(iam, "--kind", "a.b") == []
    (pruned,) = listed(iam, "--kind", "audit.pruned")
    assert (pruned["actor"], pruned["detail"]["events"]) == ("command line", 1)
