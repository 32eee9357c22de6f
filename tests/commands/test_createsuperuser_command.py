"""`iam createsuperuser`."""

from tests.command_line import Iam

PASSWORD = "seven wet otters sing"


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
