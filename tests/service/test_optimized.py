"""`python -OO`, which leaves out docstrings and assertions: the same program."""

import json
import os
import subprocess
import sys
from pathlib import Path

import click
import requests

from iam.commands.main import COMMANDS, iam
from tests.harness import free_port
from tests.processes import BIN, PATIENCE, answers
from tests.waiting import wait_until

OPTIMIZED = [sys.executable, "-OO"]
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("IAM_")}


def said(*command: object) -> str:
    """What a command says."""
    told = [str(part) for part in command]
    return subprocess.run(told, capture_output=True, text=True, check=True, env=ENVIRONMENT).stdout


def test_the_help_of_the_server_is_the_same() -> None:
    help_text = said(*OPTIMIZED, "-m", "twisted", "iam", "--help")

    assert help_text == said(sys.executable, "-m", "twisted", "iam", "--help")
    assert "Listen on this address (127.0.0.1 and ::1); repeatable." in " ".join(help_text.split())


WALK = """
import inspect
import click
from iam.commands.main import COMMANDS, iam

def walk(command, path):
    context = click.Context(command, info_name=path)
    print(path, repr(inspect.cleandoc(command.help or '')), repr(command.get_help(context)), sep="\\t")
    for name in command.list_commands(context) if isinstance(command, click.Group) else ():
        walk(command.get_command(context, name), f"{path} {name}")

walk(iam, "iam")
"""


def test_the_help_of_every_command_is_the_same_and_there() -> None:
    told = said(*OPTIMIZED, "-c", WALK)

    assert told == said(sys.executable, "-c", WALK)
    lines = [line.split("\t") for line in told.splitlines()]
    assert len(lines) > len(COMMANDS)
    assert [path for path, text, _ in lines if text == "''"] == []
    assert isinstance(iam, click.Group)


def test_a_server_gives_a_token(database_dsn: str, tmp_path: Path) -> None:
    port = free_port()
    place = ["--database", database_dsn, "--data-dir", str(tmp_path)]
    key = {"IAM_SECRET_KEY": "a server key for tests, long enough"}
    command = [*OPTIMIZED, BIN / "iam", *place, "--json", "client", "create", "--name", "Optimized"]
    made = subprocess.run(
        [*command, "--grant-type", "client_credentials", "--scope", "read"],
        capture_output=True,
        text=True,
        check=True,
        env=ENVIRONMENT | key,
    )
    client = json.loads(made.stdout)
    server = subprocess.Popen(
        [*OPTIMIZED, "-m", "twisted", "iam", "--port", str(port), *place],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=ENVIRONMENT | key,
    )
    try:
        wait_until(lambda: answers(f"http://localhost:{port}") or server.poll() is not None, PATIENCE)
        url, secret = f"http://localhost:{port}/token", (client["client_id"], client["client_secret"])
        reply = requests.post(url, {"grant_type": "client_credentials"}, auth=secret, timeout=30)
    finally:
        server.terminate()
        status = server.wait(PATIENCE)

    assert (reply.status_code, reply.json()["token_type"], status) == (200, "Bearer", 0)
