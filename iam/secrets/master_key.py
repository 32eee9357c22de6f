"""The one secret that all servers of a service share outside the database, a text in a file or a variable."""

import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path

from attrs import field, frozen
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

FILE_NAME = "secret.key"
SHORTEST = 32  # characters
ELSEWHERE = (
    "Where no mode can be set, as on some volumes of containers, give its text as IAM_SECRET_KEY, and remove the file."
)


class ServerKeyError(Exception):
    """The key cannot be read or made; the text is one sentence that says what to do."""


@frozen
class ServerKey:
    """The server's secret, from which an independent key is derived for each purpose."""

    _secret: bytes = field(repr=False)

    def derive(self, purpose: str) -> bytes:
        """Derives the 32 bytes of this purpose's key (HKDF-SHA-256, RFC 5869)."""
        return HKDF(SHA256(), 32, None, purpose.encode()).derive(self._secret)


def read_or_make(data_dir: Path, text: str | None = None) -> ServerKey:
    """Returns the key in `text` (IAM_SECRET_KEY) or else in `data_dir`, made at the first start (mode 0600); raises ServerKeyError."""
    if text is None:
        text = _read_or_make(data_dir / FILE_NAME)
    if len(text) < SHORTEST:
        raise ServerKeyError("The secret key is shorter than 32 characters: give a longer IAM_SECRET_KEY.")
    return ServerKey(text.encode())


def _read_or_make(path: Path) -> str:
    try:
        if not path.exists():
            _make(path)
        refuse_open(path)
        return path.read_text().strip()
    except OSError as error:
        raise ServerKeyError(f"The secret key {path} cannot be used: {error.strerror}. Check --data-dir.") from None


def refuse_open(path: Path) -> None:
    """Raises ServerKeyError for a key file that others can read or replace, as ssh does for its keys.

    The group may read a key that belongs to another user: secrets are mounted into containers like that.
    """
    key, directory = path.stat(), path.parent.stat()
    others = 0o077 if key.st_uid == os.geteuid() else 0o007
    if key.st_mode & others:
        raise ServerKeyError(f"Others can read the secret key: chmod 600 {path}. {ELSEWHERE}")
    if directory.st_mode & stat.S_IWOTH and not directory.st_mode & stat.S_ISVTX:
        raise ServerKeyError(f"Others can replace the secret key: chmod o-w {path.parent}. {ELSEWHERE}")


def _make(path: Path) -> None:
    """Writes a new key to a draft and links it into place, so that two servers that start at once end up with the same key."""
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    with open(draft, "x", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        file.write(secrets.token_urlsafe(48) + "\n")
        file.flush()
        os.fsync(file.fileno())
    with suppress(FileExistsError):
        os.link(draft, path)
    draft.unlink()
