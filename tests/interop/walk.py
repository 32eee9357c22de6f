"""The clients that are programs of their own, in whatever language: what a test says to them, and they to it."""

import json
import subprocess
from typing import Any, Protocol

import requests
from attrs import define
from twisted.internet.threads import deferToThread

from tests.harness import REDIRECT_URI, App, Person, Server, action, fields
from tests.interop.browser import connect, visited


class Programs(Protocol):
    """The clients in one language."""

    def command(self, name: str) -> list[str]:
        """What runs the one of this name."""


@define
class Walk:
    """A journey of a client: its program says where to send the person, and in the end what came of it."""

    programs: Programs
    library: str
    server: Server
    app: App
    person: Person | None = None
    decision: str = "allow"

    async def through(self, journey: str, **told: Any) -> Any:
        """What came of it."""
        asked = {
            "journey": journey,
            "issuer": self.server.settings.issuer,
            "client_id": self.app.client_id,
            "client_secret": self.app.secret,
            "auth_method": "client_secret_basic",
            "redirect_uri": REDIRECT_URI,
            "resource": self.server.url + "/resource",
            "scope": "read write",
            **told,
        }
        return await deferToThread(self._run, asked)

    def _run(self, asked: Any) -> Any:
        with subprocess.Popen(
            self.programs.command(self.library),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as script:
            assert script.stdin
            assert script.stdout
            assert script.stderr
            answer = json.dumps(asked)
            while True:
                script.stdin.write(answer + "\n")
                script.stdin.flush()
                line = script.stdout.readline()
                assert line, script.stderr.read()
                said = json.loads(line)
                if "outcome" in said:
                    return said["outcome"]
                assert self.person
                if "/device?" in said["visit"]:
                    answer = json.dumps({"address": self._connect(said["visit"])})
                    continue
                answer = json.dumps(sent(visited(self.server, self.person, said["visit"], self.decision)))

    def _connect(self, address: str) -> str:
        assert self.person
        assert "Your device is connected" in connect(self.server, self.person, address)
        return address


def sent(answer: requests.Response) -> dict[str, Any]:
    """Where the browser is sent, and with which form if there is one."""
    if "Location" in answer.headers:
        return {"address": answer.headers["Location"]}
    return {"address": action(answer.text), "form": fields(answer.text)}
