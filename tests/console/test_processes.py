"""Every command once as it is started: a process of its own that answers as the same command does in this process.

So what the other tests see in this process, without a reactor and streams of the command's own, is what people get.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from iam.commands.main import COMMANDS
from tests.command_line import Iam

MIGRATIONS = sorted(path.stem for path in Path("iam/store/migrations").glob("*.sql"))
PASSWORD = "seven wet otters sing"
SECRET = "d41d8cd98f00b204e9800998ecf8427e"
SCOPE = "Ihre früheren Bücher lesen \N{OPEN BOOK}"

# arguments, and what is on standard input; none of them changes anything
UNCHANGING = {
    "migrate": ("migrate --plan", ""),
    "database": ("database upgrade --old-binaries /tmp", ""),
    "createsuperuser": ("createsuperuser --username root --email root@example.org --password-stdin", "password1"),
    "user": ("user show ada --json", ""),
    "client": ("client create --name Job --client-id my.job --client-secret-stdin --json", SECRET + "\n"),
    "registration-token": ("registration-token list --json", ""),
    "scope": ("scope list", ""),
    "resource": ("resource show https://api.example --json", ""),
    "mcp": ("mcp add nowhere", ""),
    "key": ("key list --json", ""),
    "token": ("token show", "nonsense"),
    "grant": ("grant revoke", ""),
    "audit": ("audit list --json", ""),
    "explain": ("explain 4fT0aZ81kLmQ", ""),
    "session": ("session list", ""),
    "group": ("group list --json", ""),
    "role": ("role list --json", ""),
    "overview": ("overview more", ""),
    "invitation": ("invitation list", ""),
    "mail": ("mail list", ""),
    "setting": ("setting show issuer --json", ""),
    "refusal": ("refusal list", ""),
    "login": ("login", ""),
    "logout": ("logout", ""),
    "whoami": ("whoami", ""),
    "completion": ("completion bash", ""),
}
USAGE = ["", "--version", "--help", "bake", "scope create", "client create --help"]


@pytest.fixture(scope="module")
def full(iam: Iam) -> Iam:
    """The command line on a database with something of everything."""
    for arguments, given in (
        (("user", "create", "--username", "ada", "--name", "Ada Löwe", "--password-stdin"), PASSWORD),
        (("client", "create", "--name", "Job", "--client-id", "my.job", "--client-secret-stdin"), SECRET),
        (("registration-token", "create"), ""),
        (("scope", "create", "books", "--description", SCOPE), ""),
        (("resource", "create", "https://api.example", "--scope", "books"), ""),
        (("key", "rotate", "--now"), ""),
        (("group", "create", "staff"), ""),
        (("role", "grant", "auditor", "--group", "staff"), ""),
    ):
        outcome = iam.process(*arguments, given=given)
        assert (outcome.status, outcome.err) == (0, ""), outcome
        assert SECRET not in outcome.out
    return iam


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_answers_in_a_process_of_its_own_as_in_this_one(full: Iam, name: str) -> None:
    arguments, given = UNCHANGING[name]

    alone = full.process(*arguments.split(), given=given)

    assert alone == full(*arguments.split(), given=given)
    assert bool(alone.out) == (alone.status == 0)
    assert alone.status > 0 or "--json" not in arguments or json.loads(alone.out)


@pytest.mark.parametrize("arguments", USAGE)
def test_help_and_wrong_usage_are_the_same_in_a_process_of_its_own(full: Iam, arguments: str) -> None:
    alone = full.process(*arguments.split(), COLUMNS="80")

    assert alone == full(*arguments.split(), COLUMNS="80")
    assert alone.out + alone.err


@pytest.mark.parametrize("locale", ["C", "C.UTF-8"])
def test_text_is_written_in_utf_8_whatever_the_locale(full: Iam, locale: str) -> None:
    listed = full.process("scope", "list", LC_ALL=locale)

    assert listed == full("scope", "list")
    assert SCOPE in listed.out


def test_two_migrates_at_once_apply_each_migration_once(untouched: Iam) -> None:
    processes = [untouched.start("migrate") for _ in range(2)]
    outputs = [process.communicate(timeout=30)[0].decode().splitlines() for process in processes]

    assert [process.returncode for process in processes] == [0, 0]
    applied = [line for output in outputs for line in output if line != "Nothing to do."]
    functions = {line for line in applied if line.startswith("functions/")}  # told by who found a schema begun
    assert sorted(applied) == sorted([*functions, *MIGRATIONS])


def test_an_argument_that_is_no_text_is_wrong_usage(iam: Iam) -> None:
    outcome = iam.process("scope", "delete", b"\xff".decode(errors="surrogateescape"))

    assert (outcome.status, outcome.out) == (2, "")
    assert outcome.err == "Error: This argument is no text in UTF-8: '\\udcff'\n"


def test_a_command_loads_nothing_that_only_the_server_needs() -> None:
    code = "import sys; from iam.commands.main import iam; iam.get_command(None, 'scope'); print(*sys.modules)"

    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()

    assert "iam.commands.scope" in loaded
    assert {"klein", "twisted.web", "oauthlib", "jinja2", "wtforms", "joserfc", "argon2"}.isdisjoint(loaded)


LIGHT = (
    "user",
    "group",
    "audit",
    "explain",
    "session",
    "registration_token",
    "mail",
    "invitation",
    "setting",
    "refusal",
)


def test_what_most_commands_do_not_need_is_not_imported() -> None:
    script = (
        f"import importlib, sys; [importlib.import_module('iam.commands.' + name) for name in {LIGHT}];"
        "print(sorted({'iam.clients.registration', 'joserfc', 'twisted.web', 'jinja2'} & sys.modules.keys()))"
    )

    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert told.stdout == "[]\n"
