"""Without a mail server mail is written into files, which nobody else can read, and the log says where."""

import stat
from collections.abc import Callable
from datetime import timedelta
from email import message_from_bytes
from email.policy import SMTP
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from twisted.logger import formatEvent, globalLogPublisher

from iam.outbound.mail import NotSent
from iam.outbound.mail_files import MailFiles
from tests.harness import Server
from tests.mail.conftest import NOON, in_thread, letter
from tests.waiting import until


@pytest.fixture
def files(tmp_path: Path) -> MailFiles:
    return MailFiles(tmp_path / "data" / "mail", in_thread)


async def test_a_letter_is_a_file_that_only_its_owner_can_read(files: MailFiles) -> None:
    await files.carry(letter("Hello, Zoë.\n"))

    (path,) = files.directory.iterdir()
    assert path.name == "20270305T120000Z-reset-000000000000.eml"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert "Zoë".encode() in path.read_bytes()
    message: Any = message_from_bytes(path.read_bytes(), policy=SMTP)
    assert message.get_content() == "Hello, Zoë.\r\n"


async def test_the_log_says_where_it_is_and_not_what_it_says(files: MailFiles) -> None:
    said: list[str] = []
    observer: Callable[[Any], None] = lambda event: said.append(str(formatEvent(event)))  # noqa: E731
    globalLogPublisher.addObserver(observer)
    try:
        await files.carry(letter("https://login.example.org/reset#iam_xx_secret\n"))
    finally:
        globalLogPublisher.removeObserver(observer)

    (path,) = files.directory.iterdir()
    assert said == [f"mail to a***@example.org (reset) was written to {path}"]


async def test_a_letter_that_is_written_again_is_one_file(files: MailFiles) -> None:
    await files.carry(letter())
    await files.carry(letter())

    assert len(list(files.directory.iterdir())) == 1


async def test_h39_old_letters_go_when_new_ones_are_written_and_nothing_else_goes(files: MailFiles) -> None:
    await files.carry(letter())
    (files.directory / "notes.txt").write_text("mine")
    late = letter()

    await files.carry(evolve(late, mail=evolve(late.mail, created_at=NOON + timedelta(days=7))))
    assert len(list(files.directory.glob("*.eml"))) == 2
    await files.carry(evolve(late, mail=evolve(late.mail, created_at=NOON + timedelta(days=8))))

    assert sorted(path.name[:8] for path in files.directory.iterdir()) == ["20270312", "20270313", "notes.tx"]


async def test_a_directory_that_cannot_be_written_to_is_said(files: MailFiles) -> None:
    files.directory.parent.mkdir()
    files.directory.write_text("a file")

    with pytest.raises(NotSent, match="cannot be written to: File exists"):
        await files.carry(letter())


async def test_a_server_without_a_mail_server_writes_into_its_data_directory(
    configured: Callable[..., Server], server: Server, tmp_path: Path
) -> None:
    mail = configured(data_dir=tmp_path).application.outgoing_mail
    mail.start()

    await server.store.database.query("select mailed('verify', 'alice@example.org', null, %s, '{}')", (server.now(),))

    await until(lambda: bool(list((tmp_path / "mail").glob("*-verify-*.eml"))))
    await mail.stop()
