"""The system user that PostgreSQL runs as: our own user or, if that is root, one without privileges (H47)."""

import os
import pwd
import shutil
import stat
from pathlib import Path
from typing import Any, Final

from attrs import frozen

from iam.embedded.errors import EmbeddedError
from iam.embedded.processes import run
from iam.reactor import Timer

NAME: Final = "iam-postgres"  # our own system user, which runs nothing else
SHARED: Final = "postgres"  # the user of the distribution's PostgreSQL, which could then read our data too
REMEDY: Final = "add a system user iam-postgres, run iam as another user, or give --database."


@frozen
class SystemAccount:
    """A system user; `ours` says that this process runs as the same user."""

    name: str
    uid: int
    gid: int
    ours: bool

    @property
    def groups(self) -> list[int]:
        """The numbers of all groups that this user is in."""
        return os.getgrouplist(self.name, self.gid)

    @property
    def switch(self) -> dict[str, Any]:
        """The arguments of `Popen` that run a program as this user."""
        return {} if self.ours else {"user": self.uid, "group": self.gid, "extra_groups": self.groups}

    def reaches(self, path: Path) -> bool:
        """Whether this user may enter or execute `path` and enter all directories above it, by mode alone, ignoring ACLs."""
        real = path.resolve()
        return self.ours or all(self.enters(place.stat()) for place in (real, *real.parents))

    def enters(self, place: os.stat_result) -> bool:
        """Whether this user may enter this directory, or execute this program."""
        if place.st_uid == self.uid:
            return bool(place.st_mode & stat.S_IXUSR)
        if place.st_gid in self.groups:
            return bool(place.st_mode & stat.S_IXGRP)
        return bool(place.st_mode & stat.S_IXOTH)


async def choose(reactor: Timer, owner: int) -> SystemAccount:
    """Chooses our own user; for root the `owner` of the cluster (0: no cluster yet), or else iam-postgres, which is added if it is missing.

    A user that other programs of this machine run as is never chosen, because those programs could read our data.
    """
    if os.geteuid() != 0:
        return account(os.geteuid(), ours=True)
    own = 0 if owner == number(SHARED) else owner
    return account(own or number(NAME) or await make(reactor), ours=False)


def account(uid: int, *, ours: bool) -> SystemAccount:
    """Returns the account with this number; raises EmbeddedError if it has no name."""
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        raise EmbeddedError(f"PostgreSQL needs a user with a name, and user {uid} has none: {REMEDY}") from None
    return SystemAccount(entry.pw_name, entry.pw_uid, entry.pw_gid, ours)


def number(name: str) -> int:
    """Returns the number of the user of this name; 0 if there is none."""
    try:
        return pwd.getpwnam(name).pw_uid
    except KeyError:
        return 0


async def make(reactor: Timer) -> int:
    """Adds a system user without home and shell, by shadow's useradd or busybox's adduser; raises EmbeddedError."""
    outcome = await run(reactor, maker(NAME))
    if not number(NAME):  # another of our servers may have added it first
        raise EmbeddedError(
            f"PostgreSQL must not run as root, and adding a user for it failed ({outcome.last}): {REMEDY}"
        )
    return number(NAME)


def maker(name: str) -> list[str]:
    """Returns the command that adds a system user; raises EmbeddedError if this machine has none."""
    if useradd := shutil.which("useradd"):
        return [
            useradd,
            "--system",
            "--user-group",
            "--no-create-home",
            "--home-dir=/nonexistent",
            "--shell=/bin/false",
            name,
        ]
    if adduser := shutil.which("adduser"):
        return [adduser, "-S", "-D", "-H", "-h", "/nonexistent", "-s", "/bin/false", name]
    raise EmbeddedError(f"PostgreSQL must not run as root: {REMEDY}")
