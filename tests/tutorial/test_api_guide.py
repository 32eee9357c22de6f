"""The guide to the API, typed as it is written, and its program run."""

import csv
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.docs.conftest import blocks
from tests.processes import BIN, Process
from tests.tutorial.conftest import PASSWORD, Shell

WRITTEN = "https://login.example.org"
BY_HAND = {
    "export TOKEN=the-token": ("TOKEN", r"(iam_pt_\S+)"),
    "export CLIENT_ID=the-client-id CLIENT_SECRET=the-client-secret": (
        "CLIENT_ID CLIENT_SECRET",
        r"(?s)client id\s+(\S+).*client secret\s+(\S+)",
    ),
}


@pytest.fixture
def typed(running: Process, shell: Shell, data_dir: Path, tmp_path: Path) -> list[str]:
    """What each line of the guide printed."""
    command = [BIN / "iam", "createsuperuser", "--username", "alice", "--email", "al@example.org", "--password-stdin"]
    subprocess.run([*command, "--data-dir", data_dir], input=PASSWORD, text=True, check=True, capture_output=True)
    printed: list[str] = []
    for block in blocks("docs/guides/api.md"):
        text = block.text.replace(WRITTEN, running.url)
        if block.language == "python":
            (tmp_path / "directory.py").write_text(text)
            printed.append(shell.type("python directory.py"))
        else:
            for line in text.replace("\\\n", " ").splitlines():
                follow(shell, line, printed)
    return printed


def follow(shell: Shell, line: str, printed: list[str]) -> None:
    """Type a line, with values of its own where the guide says so."""
    if line not in BY_HAND:
        output = shell.type(line)
        printed += [] if line.startswith("export ") else [output]
        return
    names, pattern = BY_HAND[line]
    found = re.search(pattern, printed[-1])
    assert found, printed[-1]
    for name, value in zip(names.split(), found.groups(), strict=True):
        shell.type(f"export {name}={value}")


def test_the_guide_works_as_it_is_written(typed: list[str], tmp_path: Path) -> None:
    _, _, token, made, shown, listed, twice, changed, stale, once, file, program = typed

    def of(text: str) -> Any:
        return json.loads(text)

    assert of(token)["scope"] == "iam:people:read"
    assert (of(made)["username"], of(shown)) == ("bob", of(made))
    assert [each["username"] for each in of(listed)["items"]] == ["bob"]
    assert (of(twice)["status"], of(twice)["errors"][0]["pointer"]) == (422, "#/username")
    assert (of(changed)["name"], of(stale)["status"]) == ("Bob Builder", 412)
    assert of(once)["email"] == "carol@old.example"
    assert file == ""
    assert {row["kind"] for row in csv.DictReader((tmp_path / "created.csv").read_text().splitlines())} == {
        "user.created"
    }
    assert program == "carol is disabled\n"
