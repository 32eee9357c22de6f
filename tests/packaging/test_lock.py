"""The lock names a version and hashes of everything that is declared, and each fits (H37)."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[2]
PIN = re.compile(r"^([A-Za-z0-9._-]+)==(\S+) \\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", re.MULTILINE)
LOCKS = {"lock.txt": ("embedded",), "lock-all.txt": ("embedded", "test", "check", "docs")}


def pinned(text: str) -> dict[str, Version]:
    return {canonicalize_name(name): Version(version) for name, version, _ in PIN.findall(text)}


@pytest.mark.parametrize("name", LOCKS)
def test_the_lock_fits_what_is_declared(name: str) -> None:
    text = (ROOT / "requirements" / name).read_text()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    declared = [
        *project["dependencies"],
        *(each for of in LOCKS[name] for each in project["optional-dependencies"][of]),
    ]
    pins = pinned(text)

    for requirement in map(Requirement, declared):
        assert pins[canonicalize_name(requirement.name)] in requirement.specifier, requirement


@pytest.mark.parametrize("name", LOCKS)
def test_every_line_of_the_lock_is_a_version_with_hashes_and_no_address(name: str) -> None:
    text = (ROOT / "requirements" / name).read_text()

    assert PIN.sub("", text).strip() == ""
    assert "://" not in text
    assert len(pinned(text)) > 40


def test_what_serves_is_what_is_tested() -> None:
    served, tested = (pinned((ROOT / "requirements" / name).read_text()) for name in LOCKS)

    assert served.items() <= tested.items()


@pytest.mark.parametrize("target", ["run", "test", "check", "docs"])
def test_two_clones_install_the_same(target: str, tmp_path: Path) -> None:
    """Everything comes from the lock, and what is here itself brings nothing along."""
    make = ["make", "--dry-run", "--no-print-directory", f"VENV={tmp_path}", target]
    said = subprocess.run(make, cwd=ROOT, capture_output=True, text=True, check=True).stdout

    installs = [line for line in said.splitlines() if "pip install" in line]

    assert installs
    assert [line for line in installs if "--require-hashes" not in line and "--no-deps" not in line] == []
