"""`iam createsuperuser`."""

import signal
from pathlib import Path

from tests.commands.conftest import Iam

PASSWORD = "seven wet otters sing"


def test_at_a_terminal_a_missing_database_is_made_only_if_the_person_says_so(untouched: Iam, tmp_path: Path) -> None:
    own = Iam("", tmp_path / "none")
    arguments = ("createsuperuser", "--username", "root", "--email", "root@example.org")

    with own.at_terminal(*arguments, IAM_DATABASE=None) as terminal:
        terminal.answer("Make one? [y/N]:", "n")
        status = terminal.end()

    assert status == 1
    assert f"There is no database in {tmp_path / 'none'}" in terminal.screen
    assert not (tmp_path / "none").exists()


def test_an_administrator_is_made_of_options_and_standard_input(iam: Iam) -> None:
    arguments = ("createsuperuser", "--username", "root", "--email", "root@example.org", "--password-stdin")
    created = iam(*arguments, given=PASSWORD + "\n")

    assert (created.status, created.out) == (0, "The administrator root is created.\n")
    shown = iam("user", "show", "root", "--json").json
    assert (shown["superuser"], shown["email"]) == (True, "root@example.org")
    assert "Somebody has this username" in iam(*arguments, given=PASSWORD).complaint


def test_programs_get_a_document(iam: Iam) -> None:
    created = iam(
        *("createsuperuser", "--username", "admin", "--email", "admin@example.org", "--password-stdin", "--json"),
        given=PASSWORD,
    ).json

    assert created == iam("user", "show", "admin", "--json").json


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


def test_without_a_terminal_missing_options_are_named(iam: Iam) -> None:
    nothing = iam("createsuperuser")
    no_email = iam("createsuperuser", "--username", "x", "--password-stdin", given=PASSWORD)

    assert (nothing.status, no_email.status) == (2, 2)
    assert "--username and --email and --password-stdin must be given" in nothing.err
    assert "--email must be given" in no_email.err


def test_without_a_terminal_a_weak_password_ends_it(iam: Iam) -> None:
    arguments = ("createsuperuser", "--username", "weak", "--email", "weak@example.org", "--password-stdin")

    assert "harder to guess" in iam(*arguments, given="password1").complaint
    assert iam(*arguments, given="").complaint == "The password on standard input must be one line."
    assert iam("user", "show", "weak").complaint == "There is no person weak."
