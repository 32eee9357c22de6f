"""What is kept of a login at a server: its tokens, in a file that nobody else can read."""

import fcntl
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final
from urllib.parse import quote

import click
import platformdirs
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

PRIVATE: Final = 0o700
OTHERS: Final = 0o077
SEEN: Final = (
    "Others can read or change {1}, where your login at {0} is. End it, since they may have it too: "
    "iam logout --server {0}"
)
ANOTHERS: Final = "{} belongs to somebody else: look who has made it, and remove it."
UNREADABLE: Final = "{1} is not what a login leaves. Remove it: iam logout --server {0}"
FAILED: Final = "{} cannot be used: {}."


class Login(BaseModel):
    """The tokens of a login, or a `personal` token; without `refresh_token` it cannot be renewed.

    `expires_at` is when the access token expires; None if that is unknown.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    access_token: str = Field(repr=False)
    refresh_token: str | None = Field(default=None, repr=False)
    expires_at: AwareDatetime | None = None
    personal: bool = False
    scope: str = ""


def directory() -> Path:
    """Returns the directory of logins, below the user's configuration."""
    return Path(platformdirs.user_config_dir("iam")) / "logins"


def file_of(server: str) -> Path:
    """Returns the file of the login at this server."""
    return directory() / f"{quote(server, safe='')}.json"


def read(server: str) -> Login | None:
    """Returns the login at this server; None if there is none.

    Raises ClickException if others can read the file, or if it is not ours.
    """
    path = file_of(server)
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:
            refuse_open(server, path, os.fstat(file.fileno()))
            return Login.model_validate_json(file.read())
    except FileNotFoundError:
        return None
    except ValidationError:
        raise click.ClickException(UNREADABLE.format(server, path)) from None
    except OSError as error:
        raise click.ClickException(FAILED.format(path, error.strerror)) from None


def salvaged(server: str) -> Login | None:
    """Returns the login at this server to end it, whoever can read it too; None if there is none that is ours."""
    try:
        with os.fdopen(os.open(file_of(server), os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:
            own = os.fstat(file.fileno()).st_uid == os.geteuid()
            return Login.model_validate_json(file.read()) if own else None
    except (OSError, ValidationError):
        return None


def refuse_open(server: str, path: Path, found: os.stat_result) -> None:
    """Raises ClickException unless the file is ours, and nobody else's to read."""
    if found.st_uid != os.geteuid():
        raise click.ClickException(ANOTHERS.format(path))
    if stat.S_IMODE(found.st_mode) & OTHERS:
        raise click.ClickException(SEEN.format(server, path))


def write(server: str, login: Login) -> None:
    """Keeps a login, in place of the one before, all of it or nothing. Raises ClickException."""
    path = file_of(server)
    try:
        path.parent.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent)  # which is made with mode 0600
        try:
            with os.fdopen(handle, "w") as file:
                file.write(login.model_dump_json())
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise click.ClickException(FAILED.format(path, error.strerror)) from None


def remove(server: str) -> None:
    """Forgets the login at this server. Raises ClickException."""
    path = file_of(server)
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise click.ClickException(FAILED.format(path, error.strerror)) from None


@contextmanager
def locked(server: str) -> Iterator[None]:
    """Lets one command at a time change the login at this server. Raises ClickException."""
    path = file_of(server).with_suffix(".lock")
    try:
        path.parent.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    except OSError as error:
        raise click.ClickException(FAILED.format(path, error.strerror)) from None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        with suppress(OSError):
            os.close(handle)
