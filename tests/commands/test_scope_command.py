"""`iam scope`."""

import pytest

from tests.command_line import Iam


def test_the_first_scopes_are_read_and_write(iam: Iam) -> None:
    scopes = iam("scope", "list", "--json").json

    assert scopes[:2] == [
        {"name": "read", "description": "Read your data", "claims": []},
        {"name": "write", "description": "Create and change your data", "claims": []},
    ]


def test_a_scope_is_created_listed_and_deleted(iam: Iam) -> None:
    created = iam("scope", "create", "photos:read", "--description", "Look at your photos", "--json")
    listed = iam("scope", "list", "--json")
    deleted = iam("scope", "delete", "photos:read", "--yes", "--json")

    assert created.json == {"name": "photos:read", "description": "Look at your photos", "claims": []}
    assert created.json in listed.json
    assert deleted.json == {"name": "photos:read", "deleted": True}
    assert created.json not in iam("scope", "list", "--json").json


def test_a_scope_is_shown(iam: Iam) -> None:
    assert iam("scope", "show", "read", "--json").json in iam("scope", "list", "--json").json
    assert iam("scope", "show", "nothing").complaint == "There is no scope nothing."


def test_people_read_sentences_and_plain_columns(iam: Iam) -> None:
    created = iam("scope", "create", "music", "--description", "[bold]Listen[/bold] \x1b[31mto\tmusic")
    listed = iam("scope", "list")

    assert created.out == "The scope music is created.\n"
    assert listed.out.splitlines()[0].split() == ["name", "description", "claims", "restricted"]
    (music,) = [line.split(maxsplit=1)[1] for line in listed.out.splitlines() if line.startswith("music ")]
    assert music.startswith(r"[bold]Listen[/bold] \x1b[31mto\tmusic")
    assert iam("scope", "delete", "music", "--yes").out == "The scope music is deleted.\n"


def test_a_scope_stands_for_claims(iam: Iam) -> None:
    told = (
        "--description",
        "Know your department",
        "--claim",
        "department",
        "--claim",
        "manager",
        "--claim",
        "manager",
    )

    created = iam("scope", "create", "staff", *told, "--json").json

    assert created["claims"] == ["department", "manager"]
    assert created in iam("scope", "list", "--json").json
    assert "empty" in iam("scope", "create", "other", "--description", "D", "--claim", "").complaint


def test_a_restricted_scope_says_so(untouched: Iam) -> None:
    created = untouched("scope", "create", "payroll", "--description", "Pay everybody", "--restricted", "--json")

    assert created.json == {"name": "payroll", "description": "Pay everybody", "claims": [], "restricted": True}
    assert created.json in untouched("scope", "list", "--json").json
    assert untouched("scope", "list").out.splitlines()[0].split() == ["name", "description", "claims", "restricted"]


def test_a_name_is_taken_once(iam: Iam) -> None:
    assert iam("scope", "create", "read", "--description", "Again").complaint == "There is a scope read already."


def test_a_scope_that_is_not_there_cannot_be_deleted(iam: Iam) -> None:
    assert iam("scope", "delete", "nothing", "--json").complaint == "There is no scope nothing."


@pytest.mark.parametrize("name", ["", "two words", 'quo"te', "back\\slash", "ümlaut", "x" * 129])
def test_a_name_is_a_scope_token_of_rfc_6749(iam: Iam, name: str) -> None:
    assert "visible ASCII" in iam("scope", "create", name, "--description", "D").complaint


def test_a_description_is_not_blank(iam: Iam) -> None:
    assert "cannot be empty" in iam("scope", "create", "blank", "--description", "  ").complaint


def test_a_scope_may_want_more_than_a_password(untouched: Iam) -> None:
    created = untouched("scope", "create", "payments", "--description", "Pay for you", "--acr", "2", "--json")
    wrong = untouched("scope", "create", "other", "--description", "Pay more", "--acr", "3")

    assert created.json == {"name": "payments", "description": "Pay for you", "claims": [], "acr": "2"}
    assert untouched("scope", "list").out.splitlines()[0].split()[-1] == "acr"
    assert "Give one of 1, 2, phr." in wrong.complaint


def test_the_scopes_groups_and_roles_are_there_and_come_again_by_name_alone(untouched: Iam) -> None:
    before = {each["name"]: each for each in untouched("scope", "list", "--json").json}
    untouched("scope", "delete", "groups", "--yes")
    again = untouched(
        "scope", "create", "groups", "--description", before["groups"]["description"], "--derived", "--json"
    )
    other = untouched("scope", "create", "staff", "--description", "Know your team", "--derived")

    assert (before["groups"]["claims"], before["roles"]["claims"]) == (["groups"], ["roles"])
    assert again.json == before["groups"] == {**again.json, "derived": True}
    assert other.complaint == "Only the scopes groups and roles can be derived."
