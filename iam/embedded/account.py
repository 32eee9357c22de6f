"""The system user that PostgreSQL runs as: we ourselves, or for root one without privileges (H47)."""

import os
import pwd
import shutil
import stat
from pathlib import Path
from typing import Any, Final

from attrs import frozen

from iam.embedded.errors import EmbeddedError
from iam.embedded.processes import run

NAMES: Final = ("postgres", "iam-postgres")


@frozen
class Account:
    """A system user; `ours` where this process runs as the same."""

    name: str
    uid: int
    gid: int
    ours: bool

    @property
    def groups(self) -> list[int]:
        """All groups that this user is in."""
        return os.getgrouplist(self.name, self.gid)

    @property
    def switch(self) -> dict[str, Any]:
        """What `Popen` is told to run a program as this user."""
        return {} if self.ours else {"user": self.uid, "group": self.gid, "extra_groups": self.groups}

    def reaches(self, path: Path) -> bool:
        """May this user pass all directories above `path`? An access control list can only make this too cautious."""
        return self.ours or all(self.passes(parent.stat()) for parent in path.resolve().parents)

    def passes(self, directory: os.stat_result) -> bool:
        """May this user pass this directory?"""
        if directory.st_uid == self.uid:
            return bool(directory.st_mode & stat.S_IXUSR)
        if directory.st_gid in self.groups:
            return bool(directory.st_mode & stat.S_IXGRP)
        return bool(directory.st_mode & stat.S_IXOTH)


async def choose(reactor: Any, cluster: Path) -> Account:
    """Who owns the `cluster`, if it exists; else ourselves; for root an unprivileged user, made if there is none."""
    if os.geteuid() != 0:
        return find(os.geteuid(), ours=True)
    if cluster.exists() and (owner := cluster.stat().st_uid):
        return find(owner, ours=False)
    existing = existing_name() or await make(reactor)
    return find(pwd.getpwnam(existing).pw_uid, ours=False)


def find(uid: int, *, ours: bool) -> Account:
    """The account with this number."""
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        raise EmbeddedError(f"PostgreSQL needs a user with a name, and user {uid} has none: add one, or give --database.") from None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid, ours)


def existing_name() -> str | None:
    """The unprivileged user of a PostgreSQL on this machine, or the one made by us before."""
    known = {entry.pw_name for entry in pwd.getpwall() if entry.pw_uid != 0}
    return next((name for name in NAMES if name in known), None)


async def make(reactor: Any) -> str:
    """Add a system user without a home and a shell (shadow's useradd, or busybox's adduser)."""
    name = NAMES[-1]
    if useradd := shutil.which("useradd"):
        command = [useradd, "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent", "--shell", "/bin/false", name]
    elif adduser := shutil.which("adduser"):
        command = [adduser, "-S", "-D", "-H", "-h", "/nonexistent", "-s", "/bin/false", name]
    else:
        raise EmbeddedError("PostgreSQL must not run as root: add a system user iam-postgres, run iam as another user, or give --database.")
    outcome = await run(reactor, command)
    if outcome.code:
        raise EmbeddedError(
            f"The system user {name} for PostgreSQL cannot be added ({outcome.output.strip()}): add it, run iam as another user, or give --database."
        )
    return name
