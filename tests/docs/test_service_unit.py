"""The systemd unit of the guide is one that systemd and the server understand."""

import shlex
import subprocess
from pathlib import Path

from iam.server.options import Options
from tests.processes import BIN

UNIT = Path(__file__).parent.parent.parent / "docs" / "examples" / "iam.service"


def test_systemd_finds_no_fault_with_it(tmp_path: Path) -> None:
    unit = tmp_path / "iam.service"
    unit.write_text(UNIT.read_text().replace("/opt/iam/bin/twist", str(BIN / "twist")))

    found = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", unit], capture_output=True, text=True, check=False, timeout=60
    )

    assert (found.returncode, found.stdout + found.stderr) == (0, "")


def test_the_server_has_all_its_options() -> None:
    (line,) = [line for line in UNIT.read_text().splitlines() if line.startswith("ExecStart=")]
    told = [word for word in shlex.split(line) if word.startswith("--")]

    assert told
    assert {name.removeprefix("--") for name in told} <= {name.rstrip("=") for name in Options().longOpt}
