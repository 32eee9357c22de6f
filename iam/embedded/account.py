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
from iam.reactor import Timer

NAME: Final = "iam-postgres"  # whom nobody else runs anything as; made by us
SHARED: Final = "postgres"  # of a PostgreSQL already on this machine, whose owner ours would then have, too
REMEDY: Final = "add a system user iam-postgres, run iam as another user, or give --database."


@frozen
class SystemAccount:
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
        """May this user enter (or execute) `path` and all above it? Access control lists are not asked: better too cautious."""
        real = path.resolve()
        return self.ours or all(self.enters(place.stat()) for place in (real, *real.parents))

    def enters(self, place: os.stat_result) -> bool:
        """May this user enter this directory, or execute this program?"""
        if place.st_uid == self.uid:
            return bool(place.st_mode & stat.S_IXUSR)
        if place.st_gid in self.groups:
            return bool(place.st_mode & stat.S_IXGRP)
        return bool(place.st_mode & stat.S_IXOTH)


async def choose(reactor: Timer, owner: int) -> SystemAccount:
    """Ourselves; for root the `owner` of the cluster (0: there is none yet), else an unprivileged user, made if need be.

    A user that other programs of this machine run as is nobody's choice: it could read all that is ours.
    """
    if os.geteuid() != 0:
        return account(os.geteuid(), ours=True)
    own = 0 if owner == number(SHARED) else owner
    return account(own or number(NAME) or await make(reactor), ours=False)


def account(uid: int, *, ours: bool) -> SystemAccount:
    """The account with this number."""
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        raise EmbeddedError(f"PostgreSQL needs a user with a name, and user {uid} has none: {REMEDY}") from None
    return SystemAccount(entry.pw_name, entry.pw_uid, entry.pw_gid, ours)


def number(name: str) -> int:
    """The number of the user of this name; 0 if there is none."""
    try:
        return pwd.getpwnam(name).pw_uid
    except KeyError:
        return 0


async def make(reactor: Timer) -> int:
    """Add a system user without a home and a shell, by shadow's useradd or busybox's adduser."""
    outcome = await run(reactor, maker(NAME))
    if not number(NAME):  # another server of ours may have been faster
        raise EmbeddedError(
            f"PostgreSQL must not run as root, and adding a user for it failed ({outcome.last}): {REMEDY}"
        )
    return number(NAME)


def maker(name: str) -> list[str]:
    """The command that adds a system user."""
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
