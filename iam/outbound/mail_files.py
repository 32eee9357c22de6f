"""Mail as files, where there is no mail server."""

import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from twisted.logger import Logger

from iam.outbound.mail import NotSent
from iam.reactor import InThread
from iam.records.mail import Letter
from iam.service import service

KEPT: Final = timedelta(days=7)  # after which a file goes, when another one is written

log = Logger()


@service
class MailFiles:
    """Writes letters into a directory that only the server's user can read, one .eml file each, `in_thread`."""

    directory: Path
    in_thread: InThread

    async def carry(self, letter: Letter) -> None:
        """Writes the letter, or writes it anew, and logs where it is; raises NotSent."""
        try:
            path = await self.in_thread(written, self.directory, letter)
        except OSError as error:
            raise NotSent(f"{self.directory} cannot be written to: {error.strerror}") from None
        log.info(
            "mail to {recipient} ({template}) was written to {path}",
            recipient=letter.mail.masked,
            template=letter.mail.template,
            path=str(path),
        )


def written(directory: Path, letter: Letter) -> Path:
    """Writes the letter to a file of its own and deletes old ones; returns the path. Blocks, and raises OSError."""
    from email.policy import SMTP  # it takes long to import

    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    mail = letter.mail
    path = directory / f"{moment(mail.created_at)}-{mail.template}-{mail.id.hex[:12]}.eml"
    draft = path.with_suffix(".part")
    with open(draft, "wb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        file.write(letter.message.as_bytes(policy=SMTP))
    draft.replace(path)
    for old in directory.glob("*.eml"):
        if old.name < moment(mail.created_at - KEPT):
            old.unlink(missing_ok=True)
    return path


def moment(at: datetime) -> str:
    """Returns a moment as names of files begin with it, so that they are in its order."""
    return f"{at:%Y%m%dT%H%M%SZ}"
