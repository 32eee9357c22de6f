"""What people are asked at a terminal, and what they see there."""

import json
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path

from iam.secrets import minted
from iam.secrets.minted import Kind
from tests.command_line import Iam

PASSWORD = "seven wet otters sing"


def test_at_a_terminal_a_missing_database_is_made_only_if_the_person_says_so(tmp_path: Path) -> None:
    own = Iam("", tmp_path / "none")
    arguments = ("createsuperuser", "--username", "root", "--email", "root@example.org")

    with own.at_terminal(*arguments, IAM_DATABASE=None) as terminal:
        terminal.answer("Make one? [y/N]:", "n")
        status = terminal.end()

    assert status == 1
    assert f"There is no database in {tmp_path / 'none'}" in terminal.screen
    assert not (tmp_path / "none").exists()


def test_everything_is_asked_at_the_terminal_and_the_password_is_not_seen(iam: Iam) -> None:
    with iam.at_terminal("createsuperuser") as terminal:
        terminal.answer("Username:", "ada")
        terminal.answer("E-mail address:", "ada@example.org")
        terminal.answer("Password:", PASSWORD)
        terminal.answer("The same password again:", PASSWORD)
        terminal.wait_for("The administrator ada is created.")
        status = terminal.end()

    assert status == 0
    assert PASSWORD not in terminal.screen
    assert iam("user", "show", "ada", "--json").json["superuser"]


def test_what_cannot_be_used_is_asked_again(iam: Iam) -> None:
    iam("user", "create", "--username", "taken", "--email", "taken@example.org")

    with iam.at_terminal("createsuperuser", "--username", "Taken", "--email", "nonsense") as terminal:
        terminal.answer("Password:", PASSWORD)
        terminal.answer("again:", "something else")
        terminal.wait_for("The two passwords differ.")
        terminal.answer("Password:", "short")
        terminal.answer("again:", "short")
        terminal.wait_for("Give an e-mail address such as alice@example.org.")
        terminal.wait_for("Choose a password of at least 8 characters.")
        terminal.answer("E-mail address:", "taken@example.org")
        terminal.answer("Password:", PASSWORD)
        terminal.answer("again:", PASSWORD)
        terminal.wait_for("Somebody has this username")
        terminal.answer("Username:", "grete")
        terminal.wait_for("Somebody has this e-mail address")
        terminal.answer("E-mail address:", "grete@example.org")
        terminal.wait_for("The administrator grete is created.")
        status = terminal.end()

    assert status == 0
    shown = iam("user", "show", "grete", "--json").json
    assert (shown["superuser"], shown["email"]) == (True, "grete@example.org")


def test_an_interrupted_prompt_makes_nobody(iam: Iam) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        with iam.at_terminal("createsuperuser", "--username", "nobody") as terminal:
            terminal.answer("E-mail address:", "nobody@example.org")
            terminal.wait_for("Password:")
            terminal.process.send_signal(number)
            status = terminal.end()

        assert status == 1
        assert "Aborted!" in terminal.screen
        assert "Traceback" not in terminal.screen
    assert iam("user", "show", "nobody").complaint == "There is no person nobody."


def test_a_person_without_a_password_is_made_without_asking(iam: Iam) -> None:
    with iam.at_terminal("user", "create", "--username", "quiet") as terminal:
        status = terminal.end()

    assert status == 0
    assert terminal.screen.startswith(
        "The person quiet is created. Nobody can log in to the account yet: `iam user invite`"
    )
    assert iam.execute("select password_hash from users where username = 'quiet'") == [(None,)]


def test_a_new_password_is_asked_at_the_terminal(iam: Iam) -> None:
    iam("user", "create", "--username", "grace")

    with iam.at_terminal("user", "set-password", "grace", "--json") as terminal:
        terminal.answer("Password:", "grace")
        terminal.answer("again:", "grace")
        terminal.wait_for("Choose a password of at least 8 characters.")
        terminal.answer("Password:", PASSWORD)
        terminal.answer("again:", PASSWORD)
        terminal.wait_for("\n{")
        status = terminal.end()

    assert status == 0
    assert json.loads("{" + terminal.screen[terminal.read :])["username"] == "grace"
    assert PASSWORD not in terminal.screen


def test_a_token_is_typed_unseen_at_a_terminal(iam: Iam) -> None:
    client = iam("client", "create", "--name", "Job", "--json").json
    later = datetime.now(UTC) + timedelta(hours=1)
    token = minted.mint_until(Kind.ACCESS_TOKEN, later)
    iam.execute(
        "insert into access_tokens (day, digest, grant_id, scope, issued_at, expires_at)"
        " select %s, %s, id, 'read', now(), %s from grants where client_id = %s",
        (later.date(), minted.digest(token), later, client["client_id"]),
    )

    with iam.at_terminal("token", "show", "--json") as terminal:
        terminal.answer("The token:", token)
        status = terminal.end()

    assert status == 0
    assert '"active": true' in terminal.screen
    assert token not in terminal.screen


def test_people_at_a_terminal_read_a_table(iam: Iam) -> None:
    with iam.at_terminal("scope", "list") as terminal:
        status = terminal.end()

    assert status == 0
    assert "\x1b[1m" in terminal.screen
    assert "Read your data" in terminal.screen
