"""A newcomer: a terminal, a browser, and the page that they read."""

import errno
import os
import socket
import subprocess
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import parse_qs, urljoin, urlsplit

import pytest
import requests
from attrs import define

from tests.harness import free_port
from tests.processes import BIN, PATIENCE, Process, postmasters, start

END = "--- that was all ---"
PASSWORD = "correct horse battery staple 1"


@define
class Shell:
    """A terminal with one bash in it."""

    bash: subprocess.Popen[str]

    def type(self, command: str) -> str:
        """What the command prints."""
        assert self.bash.stdin is not None
        assert self.bash.stdout is not None
        self.bash.stdin.write(f"{command}\nprintf '\\n%s %s\\n' '{END}' \"$?\"\n")
        self.bash.stdin.flush()
        printed: list[str] = []
        for line in self.bash.stdout:
            if line.startswith(END):
                assert line == f"{END} 0\n", (command, printed)
                return "".join(printed).removesuffix("\n")
            printed.append(line)
        raise AssertionError(f"the shell has ended at {command!r}: {printed}")


class Form(HTMLParser):
    """What the form of a page sends when nothing is changed, and its buttons."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.action = ""
        self.fields: dict[str, list[str]] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form" and "/logout" not in given.get("action", ""):
            self.action = given.get("action", "")
        chosen = given.get("type") not in ("checkbox", "radio", "submit") or "checked" in given
        if tag == "input" and chosen and self.action:
            self.fields.setdefault(given["name"], []).append(given.get("value", ""))


class Browser:
    """A browser without JavaScript, which needs none."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.session = requests.Session()

    def open(self, address: str) -> Form:
        """The form of a page."""
        reply = self.session.get(urljoin(self.url, address), timeout=PATIENCE)
        assert reply.status_code == 200, reply.text
        return Form(reply.text)

    def send(self, form: Form, changes: Mapping[str, str]) -> requests.Response:
        """What comes of a form, without following it to another site."""
        return self.session.post(
            urljoin(self.url, form.action),
            data={**form.fields, **changes},
            headers={"Origin": self.url},
            allow_redirects=False,
            timeout=PATIENCE,
        )

    def log_in(self, username: str) -> None:
        reply = self.send(self.open("/login"), {"login": username, "password": PASSWORD})
        assert reply.status_code == 303, reply.text

    def register(self, address: str, redirect_uri: str) -> tuple[str, str]:
        """Fill in the form as the tutorial says; the client id and secret that it shows."""
        form = self.open(address)
        reply = self.send(form, {"name": "My application", "redirect_uris": redirect_uri})
        assert reply.status_code == 303, reply.text
        return form.fields["client_id"][0], form.fields["client_secret"][0]

    def allow(self, address: str) -> str:
        """Open the address and allow; the code in the address that the browser is sent to."""
        reply = self.send(self.open(address), {"decision": "allow"})
        assert reply.status_code == 303, reply.text
        return parse_qs(urlsplit(reply.headers["Location"]).query)["code"][0]


@pytest.fixture(scope="session")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the server's database is."""
    return tmp_path_factory.mktemp("docs") / "data"


@pytest.fixture(scope="session")
def running(data_dir: Path) -> Iterator[Process]:
    """A server with a PostgreSQL of its own, on port 8000 if that is free; of several processes the first one takes it."""
    first = os.environ.get("PYTEST_XDIST_WORKER", "gw0") == "gw0"
    process = start("--data-dir", str(data_dir), port=8000 if first and free(8000) else free_port())
    yield process
    assert process.stop() == 0
    assert postmasters(str(data_dir)) == []


def free(port: int) -> bool:
    """Is the port free, on all addresses that the server takes?"""
    for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        try:
            socket.create_server((address, port), family=family).close()
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return False
    return True


@pytest.fixture
def shell(data_dir: Path, tmp_path: Path) -> Iterator[Shell]:
    """The second terminal."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("IAM_")}
    bash = subprocess.Popen(
        ["bash", "--noprofile", "--norc"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=tmp_path,
        env={**inherited, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", "IAM_DATA_DIR": str(data_dir)},
    )
    yield Shell(bash)
    for pipe in (bash.stdin, bash.stdout):
        assert pipe is not None
        pipe.close()
    bash.wait(PATIENCE)


@pytest.fixture(scope="session")
def administrator(running: Process, data_dir: Path) -> str:
    """The username of an administrator of the running server, who chose PASSWORD."""
    command = [BIN / "iam", "createsuperuser", "--username", "ada", "--email", "ada@example.org", "--password-stdin"]
    subprocess.run([*command, "--data-dir", data_dir], input=PASSWORD, text=True, check=True, capture_output=True)
    return "ada"
