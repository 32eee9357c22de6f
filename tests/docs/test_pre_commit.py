"""What runs before a commit is what `make check` runs, by the same programs."""

import re
import subprocess

from tests.docs.conftest import ROOT

CHECKS = re.compile(r"^\.venv/bin/(ruff format|ruff check|mypy)\b", re.MULTILINE)


def test_the_hooks_are_the_checks() -> None:
    configuration = (ROOT / ".pre-commit-config.yaml").read_text()
    checked = subprocess.run(
        ["make", "--dry-run", "check"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout

    entries = re.findall(r"^ *entry: (.*)$", configuration, re.MULTILINE)

    assert CHECKS.findall("\n".join(entries)) == CHECKS.findall(checked)
    assert configuration.count("language: system") == len(entries)
    assert re.findall(r"repo: (.*)", configuration) == ["local"]
