"""`iam group` and `iam role`."""

import pytest

from tests.command_line import Iam


def make_people(iam: Iam, *names: str) -> None:
    for name in names:
        assert iam("user", "create", "--username", name).status == 0


def test_a_group_is_created_shown_changed_and_deleted(untouched: Iam) -> None:
    iam = untouched
    created = iam("group", "create", "editors", "--description", "Who write the news", "--json").json
    changed = iam("group", "update", "editors", "--name", "writers", "--json").json
    listed = iam("group", "list", "--json").json
    deleted = iam("group", "delete", "writers", "--yes", "--json").json

    assert (created["name"], created["description"], created["members"]) == ("editors", "Who write the news", 0)
    assert changed["name"] == "writers"
    assert listed == [changed]
    assert deleted == {"id": created["id"], "name": "writers", "deleted": True}
    assert iam("group", "list").out == "There are no groups.\n"


def test_people_come_into_a_group_and_leave_it(untouched: Iam) -> None:
    iam = untouched
    make_people(iam, "alice", "bob")
    iam("group", "create", "editors")

    added = iam("group", "add", "editors", "alice", "--owner")
    iam("group", "add", "editors", "bob")
    shown = iam("group", "show", "editors", "--json").json
    removed = iam("group", "remove", "editors", "alice")

    assert added.out == "alice is a member of the group editors.\n"
    assert (shown["members"], shown["owners"]) == (["alice", "bob"], ["alice"])
    assert removed.out == "alice is no member of the group editors any more.\n"
    assert iam("group", "show", "editors", "--json").json["members"] == ["bob"]
    assert iam("group", "remove", "editors", "alice").complaint == "alice is no member of the group editors."


def test_a_group_is_deleted_only_by_who_agrees(untouched: Iam) -> None:
    untouched("group", "create", "editors")

    refused = untouched("group", "delete", "editors")

    assert refused.status == 2
    assert "--yes" in refused.err
    assert untouched("group", "show", "editors").status == 0


def test_roles_are_given_to_people_and_groups(untouched: Iam) -> None:
    iam = untouched
    make_people(iam, "alice", "bob")
    iam("group", "create", "editors")
    client = iam("client", "create", "--name", "Shop", "--redirect-uri", "https://shop.example.org/", "--json").json
    place = ("--group", "editors", "--client", client["client_id"])

    support = iam("role", "grant", "support", "alice")
    editor = iam("role", "grant", "editor", *place, "--json").json
    listed = iam("role", "list", "--json").json
    revoked = iam("role", "revoke", "support", "alice", "--json").json

    assert support.out == "alice has the role support now.\n"
    told = {"role": "editor", "username": None, "group": "editors", "client_id": client["client_id"]}
    assert editor == {**told, "granted": True}
    assert [(each["role"], each["username"], each["group"]) for each in listed] == [
        ("support", "alice", None),
        ("editor", None, "editors"),
    ]
    assert revoked == {"role": "support", "username": "alice", "group": None, "client_id": None, "revoked": True}
    assert len(iam("role", "list", "--group", "editors", "--json").json) == 1
    assert iam("role", "list", "--user", "alice").out == "No roles are given.\n"


def test_an_administrator_is_made_and_unmade_by_role_as_by_their_account(untouched: Iam) -> None:
    iam = untouched
    make_people(iam, "alice", "bob")

    iam("role", "grant", "administrator", "alice")
    iam("user", "update", "bob", "--superuser")
    administrators = [each["username"] for each in iam("role", "list", "--json").json]
    iam("role", "revoke", "administrator", "alice", "--yes")
    last = iam("role", "revoke", "administrator", "bob", "--yes")

    assert administrators == ["alice", "bob"]
    assert "last enabled administrator" in last.complaint
    assert [each["superuser"] for each in iam("user", "list", "--json").json] == [False, True]


@pytest.mark.parametrize("who", [(), ("alice", "--group", "editors")])
@pytest.mark.parametrize("action", ["grant", "revoke"])
def test_a_role_is_of_one_person_or_one_group(iam: Iam, action: str, who: tuple[str, ...]) -> None:
    refused = iam("role", action, "support", *who)

    assert refused.status == 2
    assert "Name one" in refused.err


def test_what_is_not_there_is_said(iam: Iam) -> None:
    assert iam("role", "grant", "support", "nobody").complaint == "There is no person nobody."
    assert iam("role", "grant", "support", "--group", "none").complaint == "There is no group none."
    assert iam("role", "list", "--client", "none").complaint == "There is no client none."
    assert iam("group", "show", "none").complaint == "There is no group none."


def test_a_client_and_a_scope_are_for_members_of_groups_until_they_are_for_everybody(untouched: Iam) -> None:
    iam = untouched
    iam("group", "create", "editors")
    client = iam("client", "create", "--name", "Shop", "--redirect-uri", "https://shop.example.org/", "--json").json
    client_id = client["client_id"]

    restricted = iam("client", "restrict", client_id, "--group", "editors")
    iam("scope", "restrict", "write", "--group", "editors")
    shown = iam("group", "show", "editors", "--json").json
    members_only = iam("client", "show", client_id, "--json").json.get("members_only")
    refused = iam("group", "delete", "editors", "--yes")
    opened = iam("client", "restrict", client_id, "--everybody", "--json").json

    assert restricted.out == "The client Shop is for members of editors alone.\n"
    assert (shown["clients"], shown["scopes"], members_only) == ([client_id], ["write"], True)
    assert refused.complaint.endswith(f"change that first: {client_id} write")
    assert opened == {"client_id": client_id, "groups": []}
    assert "members_only" not in iam("client", "show", client_id, "--json").json


@pytest.mark.parametrize("options", [(), ("--group", "editors", "--everybody")])
def test_for_whom_something_is_must_be_said(iam: Iam, options: tuple[str, ...]) -> None:
    refused = iam("scope", "restrict", "write", *options)

    assert refused.status == 2
    assert "--everybody" in refused.err
