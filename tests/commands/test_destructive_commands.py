"""What destroys something says what goes with it, and asks; where nobody can be asked, what is for good needs --yes."""

import pytest

from tests.command_line import Iam

PASSWORD = "seven wet otters sing"
URI = "https://shop.example.org/callback"


def client_of(iam: Iam, *options: str) -> str:
    return str(iam("client", "create", "--name", "Shop", "--redirect-uri", URI, *options, "--json").json["client_id"])


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


def test_a_client_is_disabled_and_enabled(iam: Iam) -> None:
    client_id = client_of(iam)

    assert iam("client", "disable", client_id, "--json").json["disabled_at"]
    assert iam("client", "enable", client_id, "--json").json["disabled_at"] is None


def test_a_client_that_people_registered_has_no_registration_token(iam: Iam) -> None:
    client_id = client_of(iam)

    assert "did not register itself" in iam("client", "rotate-registration-token", client_id).complaint
    assert "did not register itself" in iam("client", "revoke-registration-token", client_id).complaint
