"""Every group of commands, from afar: what it says there is what it says on the server's machine."""

import json

import pytest

from tests.command_line import Outcome
from tests.console.conftest import EVERYTHING, Afar

HERE_ALONE = {"migrate", "database", "createsuperuser"}
OF_LOGINS = {"login", "logout", "whoami", "completion"}
LISTS = [
    ("user", "list"),
    ("group", "list"),
    ("role", "list"),
    ("client", "list"),
    ("registration-token", "list"),
    ("scope", "list"),
    ("resource", "list"),
    ("key", "list"),
    ("token", "list", "--user", "sue"),
    ("grant", "list"),
    ("audit", "list", "--kind", "user.created"),
    ("explain", "000000000000"),
    ("session", "list"),
    ("mail", "list"),
    ("invitation", "list"),
    ("setting", "list"),
    ("refusal", "list"),
    ("overview",),
]
ADDING = {"mcp"}
CHANGING = {"overview", "setting"}  # what they tell differs from moment to moment, or from process to process


@pytest.fixture
def there(afar: Afar) -> Afar:
    return afar.log_in("root", *EVERYTHING)


def test_every_group_is_among_them() -> None:
    from iam.commands.main import COMMANDS

    assert {command[0] for command in LISTS} | ADDING | HERE_ALONE | OF_LOGINS == set(COMMANDS)


def test_each_says_the_same_as_on_the_machine(there: Afar) -> None:
    for command in LISTS:
        from_afar, here = there(*command, "--json"), there.iam("--json", *command)
        assert (from_afar.status, from_afar.err) == (here.status, here.err), command
        if command[0] not in CHANGING:
            assert told(from_afar) == told(here), command


def test_an_mcp_server_is_added_from_afar(there: Afar) -> None:
    added = there("mcp", "add", "https://mcp.example.org/mcp", "--scope", "read", "--json")

    assert added.status == 0, added.err
    assert there.iam("resource", "show", "https://mcp.example.org/mcp", "--json").json["scopes"] == ["read"]


def told(outcome: Outcome) -> list[str]:
    """The objects that a command lists, in any order: of what was made in the same second none comes first."""
    return sorted(json.dumps(each, sort_keys=True) for each in outcome.json) if outcome.status == 0 else []
