"""`iam token create`, `list` and `revoke ID`: personal and service tokens."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.command_line import Iam

LATER = (datetime.now(UTC) + timedelta(days=30)).date().isoformat()
ALICE = ("token", "create", "--user", "alice", "--name")
MONTH = ("--expires", LATER)


@pytest.fixture(scope="module", autouse=True)
def client(iam: Iam) -> Any:
    """Alice, and an application that may act by itself."""
    iam("user", "create", "--username", "alice", "--email", "alice@example.org")
    grant = ("--grant-type", "client_credentials")
    return iam("client", "create", "--name", "Shop", "--scope", "openid read", *grant, "--json").json


@pytest.fixture(autouse=True)
def without_tokens(iam: Iam) -> Iterator[None]:
    yield
    iam.execute("delete from personal_tokens")


def test_a_token_of_a_person_is_shown_once_and_is_good(iam: Iam) -> None:
    made = iam(*ALICE, "backup", "--scope", "read", *MONTH, "--json").json

    shown = iam("token", "show", "--json", given=made["token"]).json

    assert made["token"].startswith("iam_pt_")
    assert (shown["active"], shown["username"], shown["scope"]) == (True, "alice", "read")
    assert made["token"] not in iam("token", "list").out
    assert iam("token", "list", "--user", "alice", "--json").json[0]["name"] == "backup"


def test_a_token_of_an_application_lasts_a_year_unless_it_is_told_otherwise(iam: Iam, client: Any) -> None:
    made = iam("token", "create", "--client", client["client_id"], "--name", "cron", "--json").json

    assert made["token"].startswith("iam_st_")
    assert made["scope"] == "read"
    assert timedelta(days=364) < datetime.fromisoformat(made["expires_at"]) - datetime.now(UTC) <= timedelta(days=366)


def test_a_token_of_a_person_lasts_ninety_days_unless_it_is_said_when_it_ends(iam: Iam) -> None:
    made = iam(*ALICE, "backup", "--json").json

    assert timedelta(days=89) < datetime.fromisoformat(made["expires_at"]) - datetime.now(UTC) <= timedelta(days=90)


def test_people_are_told_to_take_note_of_it(iam: Iam) -> None:
    assert "not shown again" in iam(*ALICE, "backup", *MONTH).out


@pytest.mark.parametrize(
    ("told", "complaint"),
    [
        ((*ALICE, "backup", "--expires", "2020-01-01"), "The moment when the token is to expire is over."),
        ((*ALICE, "backup", "--expires", "2999-01-01"), "A token lasts a year at most."),
        ((*ALICE, " ", *MONTH), "Give the token a name by which you will know later where it is used."),
        ((*ALICE, "x" * 201, *MONTH), "Give a name of at most 200 characters."),
        ((*ALICE, "backup", "--scope", "openid", *MONTH), "A token cannot have this here: openid."),
        ((*ALICE, "backup", "--scope", "read nothing", *MONTH), "A token cannot have this here: nothing."),
        ((*ALICE, "backup", "--scope", "", *MONTH), "Choose what the token may do."),
        (
            (*ALICE, "backup", "--resource", "https://none.example", *MONTH),
            "A token cannot be for this resource: it is unknown, disabled, or for others. https://none.example",
        ),
        (("token", "create", "--user", "bob", "--name", "x", *MONTH), "There is no person bob."),
        (("token", "create", "--client", "nobody", "--name", "x"), "There is no client nobody."),
    ],
    ids=[
        *("over", "too late", "no name", "long name", "openid", "no such scope", "no scope"),
        *("no such resource", "no such person", "no such client"),
    ],
)
def test_what_is_wrong_is_said(iam: Iam, told: tuple[str, ...], complaint: str) -> None:
    assert iam(*told).complaint == complaint
    assert iam("token", "list", "--json").json == []


@pytest.mark.parametrize("owners", [(), ("--user", "alice", "--client", "x")])
def test_a_token_has_one_owner(iam: Iam, owners: tuple[str, ...]) -> None:
    assert iam("token", "create", "--name", "x", *owners, *MONTH).status == 2


def test_a_name_is_given_once(iam: Iam) -> None:
    iam(*ALICE, "backup", *MONTH)

    again = iam(*ALICE, "backup", *MONTH)

    assert again.complaint.startswith("There is a token of this name already")
    assert len(iam("token", "list", "--json").json) == 1


@pytest.mark.parametrize("by_id", [True, False])
def test_a_revoked_token_is_good_no_longer(iam: Iam, by_id: bool) -> None:
    made = iam(*ALICE, "backup", *MONTH, "--json").json

    revoked = iam("token", "revoke", made["id"]) if by_id else iam("token", "revoke", given=made["token"])

    assert revoked.out == "The token backup of alice is revoked.\n"
    assert iam("token", "show", "--json", given=made["token"]).json == {"active": False}
    assert iam("token", "list", "--json").json == []
    assert iam("token", "revoke", made["id"]).status == 1


@pytest.mark.parametrize("owner", ["person", "application"])
def test_all_tokens_of_somebody_are_revoked_and_nobody_elses(iam: Iam, client: Any, owner: str) -> None:
    options = {"person": ("--user", "alice"), "application": ("--client", client["client_id"])}
    kept = {"person": "cron", "application": "backup"}
    iam(*ALICE, "backup", *MONTH)
    iam("token", "create", "--client", client["client_id"], "--name", "cron")

    revoked = iam("token", "revoke", *options[owner], "--yes", "--json")
    both = iam("token", "revoke", *options["person"], *options["application"])

    assert (revoked.json, both.status) == ({"revoked": 1}, 2)
    assert [token["name"] for token in iam("token", "list", "--json").json] == [kept[owner]]


def test_grants_name_the_token_that_they_are(iam: Iam, client: Any) -> None:
    iam(*ALICE, "backup", *MONTH)
    iam("token", "create", "--client", client["client_id"], "--name", "cron")

    grants = iam("grant", "list", "--json").json

    assert {"backup", "cron"} <= {grant["token_name"] for grant in grants}


def test_the_grant_of_a_service_token_is_revoked_without_the_clients_own(iam: Iam, client: Any) -> None:
    made = iam("token", "create", "--client", client["client_id"], "--name", "cron", "--json").json
    before = iam.execute("select grant_id from clients")

    iam("grant", "revoke", made["id"], "--yes")

    assert iam.execute("select grant_id from clients") == before
    assert iam("token", "show", "--json", given=made["token"]).json == {"active": False}


def test_a_person_is_told_by_mail_of_a_token_that_an_administrator_made(iam: Iam) -> None:
    iam.execute("delete from outbox")

    iam(*ALICE, "backup", *MONTH)

    ((template, recipient, detail),) = iam.execute("select template, recipient, detail from outbox")
    assert (template, recipient) == ("personal_token_made", "alice@example.org")
    assert detail == {"token": "backup", "by_administrator": True, "address": None}
