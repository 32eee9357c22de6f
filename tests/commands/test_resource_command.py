"""`iam resource`."""

import pytest

from tests.command_line import Iam

API = "https://api.example"


def test_a_resource_is_for_clients_that_somebody_answers_for_unless_it_says_otherwise(iam: Iam) -> None:
    created = iam("resource", "create", API, "--scope", "read", "--json").json
    shown = iam("resource", "show", API, "--json").json
    (listed,) = [each for each in iam("resource", "list", "--json").json if each["resource"] == API]

    assert (created["clients"], created["allowed_clients"], created["scopes"]) == ("administered", [], ["read"])
    assert created == shown == listed
    iam("resource", "delete", API, "--yes")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ((), "Clients that somebody here answers for may ask for it."),
        (("--clients", "all"), "All clients may ask for it, those too that registered themselves."),
        (("--clients", "named"), "No clients may ask for it."),
        (("--clients", "all", "--token-format", "jwt"), "The latter get no JWTs, though"),
    ],
)
def test_the_answer_says_who_may_ask(iam: Iam, options: tuple[str, ...], sentence: str) -> None:
    created = iam("resource", "create", API, *options)
    shown = iam("resource", "show", API)

    assert sentence in created.out
    assert [line.split() for line in shown.out.splitlines() if line.startswith("clients")] == [
        ["clients", options[1] if options else "administered"]
    ]
    iam("resource", "delete", API, "--yes")


def test_clients_are_named(iam: Iam) -> None:
    ids = [
        iam("client", "create", "--name", name, "--redirect-uri", f"https://{name}.example/cb", "--json").json[
            "client_id"
        ]
        for name in ("one", "two")
    ]

    created = iam("resource", "create", API, "--clients", "named", "--allow-client", ids[0], "--json").json
    both = iam("resource", "update", API, "--allow-client", ids[0], "--allow-client", ids[1])
    administered = iam("resource", "update", API, "--clients", "administered", "--json").json
    none = iam("resource", "update", API, "--no-allow-client", "--json").json

    assert created["allowed_clients"] == [ids[0]]
    assert f"Only {' '.join(sorted(ids))} may ask for it." in both.out
    assert (administered["clients"], administered["allowed_clients"]) == ("administered", sorted(ids))
    assert none["allowed_clients"] == []
    assert "There is no client nobody." in iam("resource", "update", API, "--allow-client", "nobody").complaint
    iam("resource", "delete", API, "--yes")


def test_what_is_not_named_stays(iam: Iam) -> None:
    before = iam(
        "resource", "create", API, "--scope", "read", "--token-format", "jwt", "--lifetime", "300", "--json"
    ).json

    after = iam("resource", "update", API, "--clients", "all", "--json").json
    wider = iam("resource", "update", API, "--scope", "write", "--scope", "read", "--lifetime", "400", "--json").json

    assert after == {**before, "clients": "all"}
    assert wider == {**after, "scopes": ["read", "write"], "lifetime": 400}
    iam("resource", "delete", API, "--yes")


def test_a_lifetime_that_is_too_long_for_the_new_format_is_cut(iam: Iam) -> None:
    iam("resource", "create", API, "--lifetime", "80000")

    assert iam("resource", "update", API, "--token-format", "jwt", "--json").json["lifetime"] == 3600
    assert "1 to 3600 seconds" in iam("resource", "update", API, "--lifetime", "80000").complaint
    iam("resource", "delete", API, "--yes")


@pytest.mark.parametrize("spelling", [API, API + "/", "https://API.example:443", "HTTPS://api.example/."])
def test_a_resource_is_found_however_it_is_written(iam: Iam, spelling: str) -> None:
    iam("resource", "create", API)

    twice = iam("resource", "create", spelling)
    shown = iam("resource", "show", spelling, "--json").json
    updated = iam("resource", "update", spelling, "--lifetime", "100", "--json").json
    disabled = iam("resource", "disable", spelling)
    resting = iam("resource", "show", API, "--json").json
    iam("resource", "enable", spelling)
    unasked = iam("resource", "delete", spelling)
    deleted = iam("resource", "delete", spelling, "--yes")

    assert f"There is a resource {API} already." in twice.complaint
    assert (shown["resource"], updated["resource"], updated["lifetime"]) == (API, API, 100)
    assert (disabled.status, unasked.status, deleted.status, resting["enabled"]) == (0, 2, 0, False)
    assert "There is no resource" in iam("resource", "show", API).complaint


@pytest.mark.parametrize("command", ["show", "update", "disable", "enable", "delete"])
def test_a_resource_that_there_is_not_is_said(iam: Iam, command: str) -> None:
    answer = iam("resource", command, "https://nowhere.example")

    assert "There is no resource https://nowhere.example." in answer.complaint


def test_a_resource_whose_scope_is_gone_can_be_changed_and_means_no_more_than_before(iam: Iam) -> None:
    iam("scope", "create", "tools:gone", "--description", "Use the tools")
    iam("resource", "create", "https://gone.example", "--scope", "tools:gone")
    iam("scope", "delete", "tools:gone", "--yes")

    changed = iam("resource", "update", "https://gone.example", "--clients", "all", "--json")
    named = iam("resource", "update", "https://gone.example", "--scope", "tools:gone", "--scope", "read")

    assert (changed.json["clients"], changed.json["scopes"]) == ("all", ["tools:gone"])
    assert named.complaint.startswith("Choose among the scopes that exist")
