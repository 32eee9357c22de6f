"""Somebody's own machine, and the server that they administer from there."""

from collections.abc import Iterator
from pathlib import Path
from subprocess import Popen
from typing import Any
from uuid import uuid4

import pytest
import requests
from attrs import field, frozen

from iam.records.scope import ADMINISTRATIVE
from tests import processes
from tests.command_line import PATIENCE, Iam, Outcome
from tests.harness import action, fields, free_port

PASSWORD = "seven wet otters sing"
EVERYTHING = tuple(ADMINISTRATIVE)


@frozen
class Browser:
    """A person at a browser, who is logged in once they have given their password."""

    username: str
    decision: str = "allow"
    session: Any = field(factory=requests.Session)
    code: str = ""  # of a device

    def go(self, address: str) -> str:
        """Go to an address, log in and allow everything as far as that is asked; what is shown at the end."""
        reply = self.session.get(address, timeout=PATIENCE)
        for _ in range(4):
            if "<form" not in reply.text:
                break
            answers = {"login": self.username, "password": PASSWORD, "decision": self.decision, "user_code": self.code}
            reply = self.send(reply, {**fields(reply.text), **answers})
        return str(reply.text)

    def send(self, page: Any, form: dict[str, str]) -> Any:
        """Send the form on a page."""
        origin = "/".join(page.url.split("/")[:3])
        return self.session.post(origin + action(page.text), data=form, headers={"Origin": origin}, timeout=PATIENCE)


@frozen
class Afar:
    """Somebody's own machine, with a directory for their configuration, and the server that they administer."""

    iam: Iam
    url: str
    home: Path

    def __call__(
        self, *arguments: str, given: str = "", server: str | None = None, **environment: str | None
    ) -> Outcome:
        """Run a command that goes to the server."""
        return self.iam.process(
            *("--server", server or self.url, *arguments),
            given=given,
            **{**self.environment, **environment},
        )

    @property
    def environment(self) -> dict[str, str | None]:
        kept = {"XDG_CONFIG_HOME": str(self.home), "IAM_DATABASE": None, "IAM_DATA_DIR": None}
        return {**kept, "BROWSER": "true"}  # a program that does nothing

    @property
    def files(self) -> list[Path]:
        """What is kept of logins."""
        return [path for path in (self.home / "iam" / "logins").glob("*.json") if path.is_file()]

    def token(self, username: str, *scopes: str) -> str:
        """A personal token for the API, made on the server's machine."""
        resource = ("--resource", f"{self.url}/api/v1")
        made = self.iam(
            "token",
            "create",
            "--user",
            username,
            "--name",
            uuid4().hex,
            "--scope",
            " ".join(scopes),
            *resource,
            "--json",
        )
        return str(made.json["token"])

    def begin_login(self, *options: str, **environment: str | None) -> tuple[Popen[bytes], str]:
        """Begin to log in by a browser: the command that waits, and the address that it prints."""
        waiting = self.iam.start("login", "--server", self.url, *options, **{**self.environment, **environment})
        assert waiting.stderr
        assert b"in your browser at:" in waiting.stderr.readline()
        return waiting, waiting.stderr.readline().decode().strip()

    def log_in_by(self, browser: Browser) -> Outcome:
        """Log in by a browser."""
        waiting, address = self.begin_login()
        browser.go(address)
        return self.end_login(waiting)

    def end_login(self, waiting: Popen[bytes]) -> Outcome:
        """What the command says that has waited for a browser."""
        out, err = waiting.communicate(timeout=PATIENCE)
        return Outcome(waiting.returncode, out.decode(), err.decode())

    def log_in(self, username: str, *scopes: str) -> "Afar":
        assert self("login", "--token-stdin", given=self.token(username, *scopes)).status == 0
        return self


@pytest.fixture(scope="module")
def url(iam: Iam) -> Iterator[str]:
    """A running server, with an administrator and somebody of support."""
    port = free_port()
    server = processes.start("--database", iam.dsn, "--data-dir", str(iam.data_dir), port=port)
    iam("createsuperuser", "--username", "root", "--email", "root@example.org", "--password-stdin", given=PASSWORD)
    iam("user", "create", "--username", "sue", "--password-stdin", given=PASSWORD)
    iam("role", "grant", "support", "sue")
    yield server.url
    server.stop()


@pytest.fixture
def afar(iam: Iam, url: str, tmp_path: Path) -> Afar:
    return Afar(iam, url, tmp_path)
