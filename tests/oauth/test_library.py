"""Which oauthlib the server starts on."""

import os
import re
import subprocess
import tomllib
from pathlib import Path

import oauthlib
import pytest

from iam.protocol import library
from iam.protocol.library import LibraryError
from tests.harness import free_port
from tests.processes import BIN, PATIENCE

ROOT = Path(__file__).parent.parent.parent


def test_the_oauthlib_here_is_a_tested_one() -> None:
    library.check(oauthlib.__version__)

    assert oauthlib.__version__.startswith("4.0.")


@pytest.mark.parametrize("version", ["4.0.0", "4.1.0", "5.0.0", "3.3.1", "10.0.1", "4.0.1rc1", "4.0", "", "x"])
def test_any_other_oauthlib_is_refused_with_what_to_do(version: str) -> None:
    with pytest.raises(LibraryError, match=re.escape("pip install 'oauthlib>=4.0.1,<4.1'")):
        library.check(version)


def test_the_versions_are_those_that_the_package_requires() -> None:
    required = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]

    assert f"oauthlib>={library.text(library.FIRST)},<{library.text(library.BEFORE)}" in required


def test_a_server_on_another_oauthlib_says_so_and_does_not_start(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("import oauthlib\noauthlib.__version__ = '4.1.0'\n")
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])

    ended = subprocess.run(
        [BIN / "twist", "iam", "--port", str(free_port()), "--data-dir", str(tmp_path / "data")],
        check=False,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        env=os.environ | {"PYTHONPATH": path},
    )

    assert ended.returncode == 1
    assert (
        "iam: This server is tested with oauthlib 4.0.1 up to, but not including, 4.1, and here is 4.1.0"
        in ended.stderr
    )
    assert not (tmp_path / "data").exists()
