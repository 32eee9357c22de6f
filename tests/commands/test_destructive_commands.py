"""What destroys something says what goes with it, and asks; where nobody can be asked, what is for good needs --yes."""

import pytest

from tests.commands.conftest import Iam

PASSWORD = "seven wet otters sing"
URI = "https://shop.example.org/callback"


def client_of(iam: Iam, *options: str) -> str:
    return str(iam("client", "create", "--name", "Shop", "--redirect-uri", URI, *options, "--json").json["client_id"])


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


def test_where_nobody_can_be_asked_what_is_for_good_needs_a_yes(iam: Iam) -> None:
    client_id = client_of(iam)

    refused = iam("client", "delete", client_id)

    assert refused.status == 2
    assert "--yes" in refused.err
    assert iam("client", "show", client_id).status == 0
    assert iam("client", "delete", client_id, "--yes").status == 0


@pytest.mark.parametrize("name", ["openid", "offline_access"])
def test_the_scopes_of_openid_connect_stay(iam: Iam, name: str) -> None:
    assert "cannot be deleted" in iam("scope", "delete", name, "--yes").complaint


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


def test_a_client_is_disabled_and_enabled(iam: Iam) -> None:
    client_id = client_of(iam)

    assert iam("client", "disable", client_id, "--json").json["disabled_at"]
    assert iam("client", "enable", client_id, "--json").json["disabled_at"] is None


def test_a_client_that_people_registered_has_no_registration_token(iam: Iam) -> None:
    client_id = client_of(iam)

    assert "did not register itself" in iam("client", "rotate-registration-token", client_id).complaint
    assert "did not register itself" in iam("client", "revoke-registration-token", client_id).complaint


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
