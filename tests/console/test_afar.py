"""`iam --server`: real commands, in processes of their own, through the API of a real server."""

import json
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.command_line import Iam
from tests.console.conftest import EVERYTHING, PASSWORD, Afar
from tests.harness import free_port


def test_a_login_by_a_token_is_kept_for_nobody_else_and_forgotten(afar: Afar) -> None:
    token = afar.token("root", "iam:people:read")

    logged_in = afar("login", "--token-stdin", given=token)
    (file,) = afar.files
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (file, file.parent)]
    me = afar("whoami", "--json").json
    out = afar("logout")

    assert logged_in.out == f"You are logged in at {afar.url} as root.\n"
    assert modes == [0o600, 0o700]
    assert (me["server"], me["username"], me["roles"]) == (afar.url, "root", ["administrator"])
    assert (me["scopes"], me["expires_at"] is not None) == (["iam:people:read"], True)
    assert token not in logged_in.out + logged_in.err
    assert (out.status, afar.files) == (0, [])
    assert "iam login --server" in afar("whoami").complaint


def test_what_is_done_from_afar_is_what_is_done_on_the_machine(afar: Afar) -> None:
    afar.log_in("root", *EVERYTHING)

    made = afar("user", "create", "--username", "ann", "--password-stdin", "--claim", "floor=3", given=PASSWORD)
    shown = afar("user", "show", "ann", "--json")
    updated = afar("user", "update", "ann", "--name", "Ann O'Nym/100%", "--json")
    listed = afar("user", "list", "--json")
    here = afar.iam("user", "show", "ann", "--json")

    assert (made.status, made.out) == (0, "The person ann is created.\n")
    assert shown.json["claims"] == {"floor": 3}
    assert updated.json["name"] == "Ann O'Nym/100%"
    assert {person["username"] for person in listed.json} >= {"root", "sue", "ann"}
    assert here.json == updated.json
    (event,) = afar.iam("audit", "list", "--user", "ann", "--kind", "user.created", "--json").json
    assert event["actor"].startswith("user ")


def test_a_refusal_is_the_sentence_of_the_same_command_on_the_machine(afar: Afar) -> None:
    afar.log_in("root", *EVERYTHING)

    for command in (
        ("user", "show", "nobody/../x"),
        ("user", "create", "--username", "root"),
        ("user", "disable", "root"),
    ):
        there, here = afar(*command), afar.iam(*command)
        assert (there.status, there.err) == (here.status, here.err) == (1, here.err)


def test_what_would_go_is_said_by_the_server_and_asked_before(afar: Afar) -> None:
    afar.log_in("root", *EVERYTHING)
    afar("user", "create", "--username", "bob")

    with afar.iam.at_terminal("--server", afar.url, "user", "disable", "bob", **afar.environment) as terminal:
        terminal.answer("Disable bob? [y/N]:", "n")
        refused = terminal.end()
    kept = afar("user", "show", "bob", "--json").json["disabled"]

    assert (refused, kept) == (1, False)
    assert "Nothing is changed." in terminal.screen
    assert afar("user", "disable", "bob", "--yes", "--json").json["disabled"] is True
    assert "There is no person eve" in afar("user", "disable", "eve").complaint


def test_a_token_that_was_made_by_hand_does_nothing_sensitive(afar: Afar) -> None:
    afar.log_in("root", *EVERYTHING)
    afar("user", "create", "--username", "bob")

    refused = afar("user", "delete", "bob", "--yes")

    assert refused.status == 1
    assert "a token that you made by hand is none" in refused.complaint
    assert afar("user", "show", "bob").status == 0


def test_a_role_and_a_scope_that_do_not_reach_are_said(afar: Afar) -> None:
    support = afar.log_in("sue", "iam:people:read", "iam:people:write")
    above = support("user", "disable", "root")
    password = support("user", "create", "--username", "cat", "--password-stdin", given=PASSWORD)
    without = support("user", "create", "--username", "dan")
    afar.log_in("root", "iam:people:read")
    narrow = afar("user", "create", "--username", "eve")

    assert "Only an administrator may change the account of somebody who has a role." in above.complaint
    assert "Only an administrator may give these: password" in password.complaint
    assert without.status == 0
    assert "iam:people:write" in narrow.complaint


def test_a_long_list_is_fetched_page_by_page(afar: Afar) -> None:
    afar.log_in("root", *EVERYTHING)
    afar.iam.execute(
        "insert into users (id, username, username_key, name, claims, created_at, updated_at)"
        " select gen_random_uuid(), 'p' || n, 'p' || n, '', '{}', now(), now() from generate_series(1, 450) n"
    )

    listed = afar("user", "list", "--json").json

    assert len({person["id"] for person in listed}) == len(listed) > 450


def test_the_audit_log_is_taken_along_from_afar(afar: Afar) -> None:
    afar.log_in("root", "iam:audit:read")

    file = afar("audit", "list", "--kind", "user.created", "--format", "jsonl")
    listed = afar("audit", "list", "--kind", "user.created", "--json")

    assert [json.loads(line)["id"] for line in file.out.splitlines()] == [each["id"] for each in listed.json][::-1]
    (noted,) = afar("audit", "list", "--kind", "audit.exported", "--json").json
    assert noted["actor"].startswith("user ")


def test_what_works_on_the_database_is_refused_from_afar(afar: Afar) -> None:
    for command in (
        ("migrate",),
        ("createsuperuser", "--username", "x", "--email", "x@example.org", "--password-stdin"),
    ):
        outcome = afar(*command, given=PASSWORD)
        assert (outcome.status, outcome.out) == (2, "")
        assert "without --server" in outcome.err
    both = afar("user", "list", "--database", afar.iam.dsn)
    variable = afar.iam.process("migrate", "--plan", **{**afar.environment, "IAM_SERVER": afar.url})

    assert (both.status, variable.status) == (2, 2)


def test_whoami_on_the_machine_says_so(iam: Iam) -> None:
    assert "on the machine of the server" in iam("whoami").out
    assert iam("whoami", "--json").json["server"] is None
    assert iam("login", "--token-stdin", given="x").status == 2


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("login.example.org", "Give the address"),
        ("https://", "Give the address"),
        ("https://user@login.example.org", "Give the address"),
        ("https://login.example.org/?a=b", "Give the address"),
        ("https://[::1", "Give the address"),
        ("http://login.example.org", "Begin the address of the server with https://"),
    ],
)
def test_an_address_that_cannot_be_is_wrong_usage(afar: Afar, address: str, sentence: str) -> None:
    outcome = afar("whoami", server=address)

    assert (outcome.status, outcome.out) == (2, "")
    assert sentence in outcome.err


def test_a_server_that_is_not_there_is_no_iam_or_another_is_said(afar: Afar, silent: str) -> None:
    token = afar.token("root", "iam:people:read")
    other = afar.url.replace("localhost", "127.0.0.1")

    nobody = afar("login", "--token-stdin", given=token, server=f"http://localhost:{free_port()}")
    below = afar("login", "--token-stdin", given=token, server=afar.url + "/below")
    another = afar("login", "--token-stdin", given=token, server=other)
    strange = afar("login", "--token-stdin", given=token, server=silent)

    assert "cannot be reached: Connection refused" in nobody.complaint
    assert "is no iam server" in below.complaint
    assert f"{other} says that its address is {afar.url}." in another.complaint
    assert "is no iam server" in strange.complaint
    assert afar.files == []


@pytest.fixture
def silent() -> Iterator[str]:
    """A web server that is something else."""
    from http.server import HTTPServer, SimpleHTTPRequestHandler
    from threading import Thread

    server = HTTPServer(("127.0.0.1", 0), SimpleHTTPRequestHandler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_token_that_was_removed_or_never_was_is_refused(afar: Afar) -> None:
    never = afar("login", "--token-stdin", given="iam_pt_nonsense")
    afar.log_in("root", "iam:people:read")
    afar.iam.execute("delete from personal_tokens")

    assert "has ended, or was taken back" in never.complaint
    assert f"iam login --server {afar.url}" in afar("user", "list").complaint


def test_a_login_that_others_can_read_is_refused_and_can_be_ended(afar: Afar) -> None:
    afar.log_in("root", "iam:people:read")
    (file,) = afar.files
    file.chmod(0o640)

    refused = afar("user", "list")
    ended = afar("logout")

    assert "Others can read or change" in refused.complaint
    assert str(file) in refused.complaint
    assert (ended.status, afar.files) == (0, [])


def test_a_login_that_is_broken_or_a_link_is_refused(afar: Afar, tmp_path: Path) -> None:
    afar.log_in("root", "iam:people:read")
    (file,) = afar.files
    whole = file.read_text()
    file.write_text(whole[:-1])
    broken = afar("whoami").complaint
    file.unlink()
    (tmp_path / "elsewhere").write_text(whole)
    file.symlink_to(tmp_path / "elsewhere")

    assert "is not what a login leaves" in broken
    assert "cannot be used" in afar("whoami").complaint


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_gets_a_script_that_asks_the_program(iam: Iam, shell: str) -> None:
    assert "_IAM_COMPLETE" in iam("completion", shell).out
    assert iam("completion", shell, "--json").json["shell"] == shell


def test_the_program_completes_commands_and_options(iam: Iam) -> None:
    asked = {"_IAM_COMPLETE": "bash_complete", "COMP_CWORD": "2"}

    found = iam.process(COMP_WORDS="iam user dis", **asked)

    assert found.out.split() == ["plain,disable"]
