"""The wheel in a new virtual environment: it serves, from anywhere, without the checkout."""

import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.harness import free_port
from tests.packaging.conftest import pip, run
from tests.processes import PATIENCE, answers, postmasters

ELSEWHERE = Path("/")


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """A data directory that PostgreSQL's own user can reach."""
    directory = Path(tempfile.mkdtemp(prefix="iam-data-"))
    directory.chmod(0o755)
    yield directory
    shutil.rmtree(directory)


def test_what_it_needs_fits_together(environment: Path) -> None:
    assert pip(environment, "check") == "No broken requirements found.\n"


def test_twist_lists_it(environment: Path) -> None:
    assert re.search(
        r"^ +iam +An OAuth 2.0 and OpenID Connect authorization server.$",
        run(environment / "bin" / "twist", "--help", cwd=ELSEWHERE),
        re.MULTILINE,
    )


def test_the_command_line_knows_its_version(environment: Path) -> None:
    assert run(environment / "bin" / "iam", "--version", cwd=ELSEWHERE).startswith("iam, version 0.")


def test_it_serves_pages_with_their_style_and_leaves_nothing_behind(
    environment: Path, data_dir: Path, away: dict[str, str]
) -> None:
    port = free_port()
    url = f"http://localhost:{port}"
    command = [environment / "bin" / "twist", "iam", "--port", str(port), "--data-dir", str(data_dir)]
    server = subprocess.Popen(
        command, cwd=ELSEWHERE, env=away, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    said: list[str] = []
    try:
        end = time.monotonic() + PATIENCE
        while server.poll() is None and not answers(url) and time.monotonic() < end:
            time.sleep(0.1)
        login = requests.get(f"{url}/login", timeout=30)
        style = re.search(r'<link rel="stylesheet" href="([^"]+)"', login.text)
        assert style is not None, login.text
        sheet = requests.get(url + style[1], timeout=30)
        running = postmasters(str(data_dir))
    finally:
        server.send_signal(signal.SIGTERM)
        said = server.communicate(timeout=PATIENCE)[1].splitlines()

    assert login.status_code == sheet.status_code == 200, said
    assert sheet.headers["Content-Type"].startswith("text/css")
    assert running
    assert server.returncode == 0, said
    assert postmasters(str(data_dir)) == []
