"""What all commands have in common: options, exit statuses, help."""

from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from iam.commands.main import iam as program
from tests.command_line import Iam


def commands(
    command: click.Command = program, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command and group, with its name."""
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from commands(below, (*path, name))


EVERYTHING = dict(commands())
LEAVES = {path: command for path, command in EVERYTHING.items() if not isinstance(command, click.Group)}


def named(path: tuple[str, ...]) -> str:
    return " ".join(path)


def test_a_data_directory_without_a_database_stays_as_it_is(iam: Iam, tmp_path: Path) -> None:
    typo = tmp_path / "typo"

    complaint = iam("client", "list", "--data-dir", str(typo), IAM_DATABASE=None).complaint
    refused = iam(
        *("createsuperuser", "--username", "root", "--email", "root@example.org", "--password-stdin"),
        *("--data-dir", str(typo)),
        given="seven wet otters sing",
        IAM_DATABASE=None,
    )

    assert f"There is no database in {typo}" in complaint
    assert f"There is no database in {typo}" in refused.complaint
    assert not typo.exists()


def test_no_server_key_is_made_in_a_directory_that_is_not_there(untouched: Iam, tmp_path: Path) -> None:
    typo = tmp_path / "typo"

    assert f"There is no data directory {typo}" in untouched("key", "rotate", "--data-dir", str(typo)).complaint
    assert not typo.exists()


@pytest.mark.parametrize("path", EVERYTHING, ids=named)
def test_every_help_text_is_a_sentence_with_an_example(path: tuple[str, ...]) -> None:
    command = EVERYTHING[path]
    text = command.get_help(click.Context(command, info_name="iam " + named(path)))

    assert (command.help or "").split("\n")[0].rstrip().endswith((".", ":"))
    assert f"  iam {named(path)}" in text.partition("Example")[2]
    for option in ("--database", "--data-dir", "--config", "--json"):
        assert option in text


@pytest.mark.parametrize("path", LEAVES, ids=named)
def test_no_secret_is_an_argument(path: tuple[str, ...]) -> None:
    for parameter in LEAVES[path].params:
        secret = any(word in (parameter.name or "") for word in ("password", "secret", "token"))
        about = (parameter.name or "").endswith(("_alg", "_enc", "_id", "_ids"))  # it is told of a token, and is none
        harmless = (
            about
            or isinstance(parameter.type, click.Choice)
            or (isinstance(parameter, click.Option) and parameter.is_flag)
        )
        assert not secret or harmless, parameter


def test_options_may_stand_before_and_behind_the_command(untouched: Iam, tmp_path: Path) -> None:
    arguments = ["--database", untouched.dsn, "--data-dir", str(tmp_path), "--json"]
    before = untouched(*arguments, "scope", "list", IAM_DATABASE="host=/nowhere")
    between = untouched("scope", *arguments, "list", IAM_DATABASE="host=/nowhere")
    behind = untouched("scope", "list", *arguments, IAM_DATABASE="host=/nowhere")

    assert before.json == between.json == behind.json


def test_a_file_of_options_is_read_and_the_environment_is_stronger(untouched: Iam, tmp_path: Path) -> None:
    config = tmp_path / "iam.toml"
    config.write_text('database = "host=/nowhere"\n')

    assert "/nowhere" in untouched("scope", "list", "--config", str(config), IAM_DATABASE=None).complaint
    assert untouched("scope", "list", "--config", str(config), "--json").json


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--config", "/nowhere/iam.toml"), "--config: there is no file /nowhere/iam.toml."),
        (("--database", "postgresql://alice:hunter2@[/iam"), "must be given as a PostgreSQL URI"),
    ],
)
def test_what_the_settings_get_wrong_is_a_sentence(iam: Iam, arguments: tuple[str, ...], sentence: str) -> None:
    complaint = iam("scope", "list", "--json", *arguments).complaint

    assert sentence in complaint
    assert "hunter2" not in complaint


def test_a_data_directory_that_cannot_be_is_a_sentence(iam: Iam) -> None:
    assert "--data-dir" in iam("scope", "list", "--data-dir", "/dev/null/x", IAM_DATABASE=None).complaint


def test_a_wrong_variable_is_named(iam: Iam) -> None:
    assert iam("scope", "list", IAM_PORT="x").complaint.startswith("--port: ")


@pytest.mark.parametrize(
    "arguments",
    [
        ("bake",),
        ("scope", "bake"),
        ("scope", "list", "--bake"),
        ("scope", "create", "x"),
        ("scope", "create", "--description", "x"),
        ("grant", "revoke", "not-an-id"),
        (),
    ],
)
def test_wrong_usage_is_exit_status_2(iam: Iam, arguments: tuple[str, ...]) -> None:
    outcome = iam(*arguments)

    assert outcome.status == 2
    assert outcome.out == ""
    assert "Usage: iam" in outcome.err


@pytest.mark.parametrize("arguments", [("user", "show", ""), ("group", "add", "", "x"), ("explain", "")])
def test_an_argument_that_cannot_be_is_a_sentence(iam: Iam, arguments: tuple[str, ...]) -> None:
    assert "at least 1 character" in iam(*arguments).complaint


def test_the_version_is_known(iam: Iam) -> None:
    assert iam("--version").out.startswith("iam, version 0.")
