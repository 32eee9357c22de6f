"""The first screen: what a person sees who starts the server at a terminal."""

import os
import pty
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from threading import Thread

import pytest
import requests
from attrs import define

from tests.harness import free_port
from tests.pages.form import form_of
from tests.processes import BIN, PATIENCE
from tests.waiting import wait_until

LAST = "Ctrl-C stops it."
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("IAM_")}


@define
class Terminal:
    """`twist iam` at a terminal, and what is to be read there."""

    process: subprocess.Popen[bytes]
    master: int
    url: str
    read: bytes = b""

    def listen(self) -> None:
        with suppress(OSError):  # nobody is at the other end any more
            while data := os.read(self.master, 4096):
                self.read += data

    @property
    def lines(self) -> list[str]:
        return self.read.decode().splitlines()

    def shows(self, pattern: str) -> None:
        """Wait until a line is like that."""
        wait_until(lambda: any(re.fullmatch(pattern, line) for line in self.lines), PATIENCE)


@pytest.fixture
def terminal(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Terminal]:
    """A first start, with its own database, until it answers."""
    port = free_port()
    master, slave = pty.openpty()
    more = getattr(request, "param", ())
    command = [BIN / "twist", "iam", "--port", str(port), "--data-dir", str(tmp_path / "data"), *more]
    process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, env=ENVIRONMENT, cwd="/")
    os.close(slave)
    terminal = Terminal(process, master, f"http://localhost:{port}")
    listening = Thread(target=terminal.listen)
    listening.start()
    try:
        wait_until(lambda: LAST in terminal.lines or process.poll() is not None, PATIENCE)
        yield terminal
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(PATIENCE)
        listening.join()
        os.close(master)


@pytest.mark.parametrize("terminal", [("--no-rate-limits",)], indirect=True)
def test_a_first_start_fits_nine_lines_of_which_the_last_say_where_to_go_on(terminal: Terminal) -> None:
    """One of them is the warning that limits are off."""
    lines = terminal.lines

    assert len(lines) <= 9, lines
    assert sum("so mail is written into files, in " in line for line in lines) == 1
    assert lines[-1] == LAST
    answers = lines.index(f"iam answers at {terminal.url}")
    link = next(number for number, line in enumerate(lines) if f"{terminal.url}/setup?" in line)
    assert answers < link < len(lines) - 1


def test_at_a_terminal_each_token_request_is_a_line_and_a_refused_one_says_why(terminal: Terminal) -> None:
    wrong = {"grant_type": "client_credentials", "client_id": "nobody", "client_secret": "a secret of somebody"}

    refused = requests.post(f"{terminal.url}/token", wrong, timeout=30)
    requests.get(f"{terminal.url}/.well-known/openid-configuration", timeout=30)

    identifier = refused.json()["error_uri"].rpartition("/")[2]
    terminal.shows(rf"..:..:.. /token refused client nobody: invalid_client, .* \(iam explain {identifier}\)")
    terminal.shows(r"..:..:.. POST /token 401")
    terminal.shows(r"..:..:.. GET /.well-known/openid-configuration 200")
    assert "a secret" not in terminal.read.decode()


def test_at_a_terminal_it_is_said_where_mail_is_written_and_not_what_it_says(
    terminal: Terminal, tmp_path: Path
) -> None:
    with requests.Session() as browser:
        form = form_of(browser.get(f"{terminal.url}/signup", timeout=30).text)
        sent = form.filled({"email": "ada@example.org"})
        browser.post(terminal.url + form.action, sent, headers={"Origin": terminal.url}, timeout=30)

    terminal.shows(r"..:..:.. mail to a\*\*\*@example.org \(sign_up\) was written to /.*\.eml")
    (path,) = (tmp_path / "data" / "mail").glob("*.eml")
    (secret,) = re.findall(rf"^{terminal.url}/signup/account\?link=(\S+)$", path.read_text(), re.MULTILINE)
    assert str(path) in terminal.read.decode()
    assert secret not in terminal.read.decode()
    assert "ada@" not in terminal.read.decode()


@pytest.mark.parametrize("terminal", [("--log-level", "info")], indirect=True)
def test_who_asks_for_the_log_at_a_terminal_gets_all_of_it(terminal: Terminal) -> None:
    assert any("key published" in line for line in terminal.lines)
