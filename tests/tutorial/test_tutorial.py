"""The tutorial, typed as it is written; and the one that those who come from django-oauth-toolkit have read."""

import json
import random
import string
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

from attrs import define, field

from tests.docs.conftest import Block, blocks
from tests.processes import Process
from tests.tutorial.conftest import Browser, Shell

WITH_REFRESH = ["access_token", "expires_in", "token_type", "scope", "refresh_token"]
WITHOUT_REFRESH = WITH_REFRESH[:-1]
WRITTEN = "localhost:8000"


@define
class Newcomer:
    """Types what is to be typed as it is, and does what is said between: never anything else."""

    shell: Shell
    browser: Browser
    here: str
    username: str
    directory: Path
    printed: list[str] = field(factory=list)

    def follow(self, block: Block) -> None:
        """Do what this block of the tutorial wants."""
        text = block.text.replace(WRITTEN, self.here)
        if block.language == "sh run":
            self.printed.append(self.shell.type(text))
        elif block.language == "python":
            (self.directory / "example.py").write_text(text)
        elif block.language == "sh":
            self.by_hand[text.strip()]()

    @property
    def by_hand(self) -> dict[str, Callable[[], Any]]:
        """What the tutorial lets people do themselves, or put their own values in."""
        return {
            "make run": lambda: None,  # the server runs
            "source .venv/bin/activate": lambda: self.shell.type("type iam twist"),
            "iam createsuperuser": lambda: self.browser.log_in(self.username),
            "export ID=the-client-id\nexport SECRET=the-client-secret": self.register,
            "export CODE=the-code": lambda: self.export("CODE", self.browser.allow(self.printed[-1].strip())),
            "export REFRESH_TOKEN=the-refresh-token": lambda: self.take("refresh_token"),
            "export ACCESS_TOKEN=the-access-token": lambda: self.take("access_token"),
            "pip install treq": lambda: self.shell.type("python -c 'import treq'"),
        }

    def register(self) -> None:
        client_id, secret = self.browser.register("/applications/register", "http://127.0.0.1:8080/callback")
        self.export("ID", client_id)
        self.export("SECRET", secret)

    def take(self, member: str) -> None:
        """Export a member of the last answer."""
        self.export(member.upper(), json.loads(self.printed[-1])[member])

    def export(self, name: str, value: str) -> None:
        self.shell.type(f"export {name}={value}")


def test_the_tutorial_works_as_it_is_written(
    running: Process, shell: Shell, administrator: str, tmp_path: Path
) -> None:
    newcomer = Newcomer(shell, Browser(running.url), running.url.removeprefix("http://"), administrator, tmp_path)

    for block in blocks("docs/tutorial.md"):
        newcomer.follow(block)

    migrated, _, code, refreshed, credentials, resource, active, revoked, inactive, treq = newcomer.printed
    assert migrated == "Nothing to do.\n"
    assert [list(json.loads(answer)) for answer in (code, refreshed)] == [WITH_REFRESH] * 2
    assert list(json.loads(credentials)) == WITHOUT_REFRESH
    for answer in map(json.loads, (code, refreshed, credentials)):
        assert (answer["expires_in"], answer["token_type"], answer["scope"]) == (36000, "Bearer", "read write")
    assert json.loads(resource)["scope"] == "read write"
    assert active.startswith('{"active": true')
    assert revoked == ""
    assert json.loads(inactive) == {"active": False}
    assert "'scope': 'read write'" in treq


def test_what_the_tutorial_shows_is_what_comes() -> None:
    shown = [list(json.loads(block.text)) for block in blocks("docs/tutorial.md") if block.language == "json"]

    assert shown == [WITH_REFRESH, WITH_REFRESH, WITHOUT_REFRESH]


def test_the_commands_of_the_readme_work(running: Process, shell: Shell, administrator: str) -> None:
    lines = "".join(block.text for block in blocks("README.md")).splitlines()
    browser = Browser(running.url)
    browser.log_in(administrator)
    client_id, secret = browser.register("/applications/register", "http://127.0.0.1:8080/callback")
    shell.type(f"export ID={client_id} SECRET={secret}")
    here = running.url.removeprefix("http://")
    token, resource = (line.replace(WRITTEN, here) for line in lines if line.startswith("curl "))

    answer = json.loads(shell.type(token))
    shell.type(f"export ACCESS_TOKEN={answer['access_token']}")
    described = json.loads(shell.type(resource))

    assert list(answer) == WITHOUT_REFRESH
    assert described["client_id"] == client_id


# https://django-oauth-toolkit.readthedocs.io/en/latest/getting_started.html, its commands as they stand there
TOOLKIT_REDEEM = """
curl -X POST \\
    -H "Cache-Control: no-cache" \\
    -H "Content-Type: application/x-www-form-urlencoded" \\
    "http://127.0.0.1:8000/o/token/" \\
    -d "client_id=${ID}" \\
    -d "client_secret=${SECRET}" \\
    -d "code=${CODE}" \\
    -d "code_verifier=${CODE_VERIFIER}" \\
    -d "redirect_uri=http://127.0.0.1:8000/noexist/callback" \\
    -d "grant_type=authorization_code"
"""
TOOLKIT_CREDENTIALS = """
curl -X POST \\
    -H "Authorization: Basic ${CREDENTIAL}" \\
    -H "Cache-Control: no-cache" \\
    -H "Content-Type: application/x-www-form-urlencoded" \\
    "http://127.0.0.1:8000/o/token/" \\
    -d "grant_type=client_credentials"
"""
TOOLKIT_CALLBACK = "http://127.0.0.1:8000/noexist/callback"


def code_verifier() -> str:
    """As the toolkit's tutorial makes it."""
    return "".join(random.choice(string.ascii_uppercase + string.digits) for _ in range(random.randint(43, 128)))


def code_challenge(verifier: str) -> str:
    """As the toolkit's tutorial makes it."""
    return urlsafe_b64encode(sha256(verifier.encode()).digest()).decode().replace("=", "")


def test_the_authorization_code_of_the_toolkits_tutorial(running: Process, shell: Shell, administrator: str) -> None:
    url = running.url.replace("localhost", "127.0.0.1")
    browser, verifier = Browser(url), code_verifier()
    browser.log_in(administrator)
    client_id, secret = browser.register("/o/applications/register/", TOOLKIT_CALLBACK)
    code = browser.allow(
        f"/o/authorize/?response_type=code&code_challenge={code_challenge(verifier)}&code_challenge_method=S256"
        f"&client_id={client_id}&redirect_uri={TOOLKIT_CALLBACK}"
    )
    shell.type(f"export ID={client_id} SECRET={secret} CODE={code} CODE_VERIFIER={verifier}")

    answer = json.loads(shell.type(TOOLKIT_REDEEM.replace("http://127.0.0.1:8000/o/", f"{url}/o/")))
    resource = json.loads(
        shell.type(f'curl -H "Authorization: Bearer {answer["access_token"]}" -X GET {running.url}/resource')
    )

    assert list(answer) == WITH_REFRESH
    assert (answer["expires_in"], answer["token_type"], answer["scope"]) == (36000, "Bearer", "read write")
    assert resource["client_id"] == client_id


def test_the_client_credentials_of_the_toolkits_tutorial(running: Process, shell: Shell, administrator: str) -> None:
    url = running.url.replace("localhost", "127.0.0.1")
    browser = Browser(url)
    browser.log_in(administrator)
    client_id, secret = browser.register("/o/applications/register/", TOOLKIT_CALLBACK)
    shell.type(f"export CREDENTIAL={b64encode(f'{client_id}:{secret}'.encode()).decode()}")

    answer = json.loads(shell.type(TOOLKIT_CREDENTIALS.replace("http://127.0.0.1:8000", url)))

    assert list(answer) == WITHOUT_REFRESH
    assert (answer["expires_in"], answer["token_type"], answer["scope"]) == (36000, "Bearer", "read write")
