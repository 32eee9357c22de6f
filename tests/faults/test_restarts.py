"""A server that is killed again and again under load: what it has said, stays true."""

import http.client
import json
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from attrs import define, field
from twisted.internet.threads import deferToThread

from tests.harness import REDIRECT_URI, VERIFIER, App, Server, free_port
from tests.processes import start

ROUNDS = 10
WORKERS = 4
LIFE = 0.6  # seconds under load before each death
RHYTHM = 0.01  # seconds between two requests of a worker
PATIENCE = 20.0  # seconds


@define
class Witness:
    """Clients that remember what the server has answered, through all its lives."""

    port: int
    app: App
    tokens: list[str] = field(factory=list)
    refusals: list[Any] = field(factory=list)
    redeemed: list[str] = field(factory=list)
    rotations: int = 0
    ended: threading.Event = field(factory=threading.Event)

    def ask(self, parameters: dict[str, str]) -> tuple[int, Any] | None:
        """A token request; nothing where the answer was lost, or nobody listens."""
        connection = http.client.HTTPConnection("localhost", self.port, timeout=PATIENCE)
        try:
            body = urlencode({**self.app.form, **parameters})
            connection.request("POST", "/token", body, {"Content-Type": "application/x-www-form-urlencoded"})
            response = connection.getresponse()
            return response.status, json.loads(response.read())
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()

    def acknowledged(self, parameters: dict[str, str]) -> Any:
        """Ask until there is an answer, through deaths of the server; None once all has ended."""
        while not self.ended.is_set():
            answer = self.ask(parameters)
            if answer is None or answer[0] == 503:
                time.sleep(RHYTHM)
                continue
            if answer[0] != 200:
                self.refusals.append((parameters["grant_type"], answer))
                return None
            return answer[1]
        return None

    def collect(self) -> None:
        """Get one token after the other."""
        while not self.ended.is_set():
            if answer := self.acknowledged({"grant_type": "client_credentials"}):
                self.tokens.append(answer["access_token"])
            time.sleep(RHYTHM)

    def rotate(self, refresh_token: str) -> None:
        """Refresh, and go on with the successor: a lost answer is asked for again."""
        while not self.ended.is_set():
            answer = self.acknowledged({"grant_type": "refresh_token", "refresh_token": refresh_token})
            if answer is None:
                return
            refresh_token = answer["refresh_token"]
            self.tokens.append(answer["access_token"])
            self.rotations += 1
            time.sleep(RHYTHM)

    def redeem(self, codes: list[str]) -> None:
        """Redeem codes, each at once, and once more in the next life of the server."""
        for code in codes * 2:
            if self.ended.wait(LIFE * ROUNDS / len(codes) / 2):
                return
            answer = self.ask(
                {
                    "grant_type": "authorization_code",
                    "code": code,
                    "code_verifier": VERIFIER,
                    "redirect_uri": REDIRECT_URI,
                }
            )
            if answer is not None and answer[0] == 200:
                self.redeemed.append(code)


def lives(port: int, options: tuple[str, ...], work: list[Callable[[], None]], ended: threading.Event) -> int:
    """Start and kill the server again and again while all work goes on; the exit status of its last life."""
    threads = [threading.Thread(target=each) for each in work]
    for number in range(ROUNDS):
        process = start(*options, port=port)
        if number == 0:
            for thread in threads:
                thread.start()
        time.sleep(LIFE)
        process.server.send_signal(signal.SIGKILL)
        process.server.wait(PATIENCE)
    last = start(*options, port=port)
    time.sleep(LIFE)
    ended.set()
    for thread in threads:
        thread.join(PATIENCE)
    return last.stop()


async def test_all_that_a_server_has_given_out_is_good_after_ten_deaths(
    server: Server, database_dsn: str, tmp_path: Path
) -> None:
    app, person = await server.app(), await server.person()
    witness = Witness(free_port(), app)
    refresh_token = (await server.tokens(app, person))["refresh_token"]
    codes = [await server.code(app, person) for _ in range(10)]
    work = [witness.collect] * WORKERS + [lambda: witness.rotate(refresh_token), lambda: witness.redeem(codes)]
    options = ("--database", database_dsn, "--data-dir", str(tmp_path / "data"))

    status = await deferToThread(lives, witness.port, options, work, witness.ended)

    inactive = [token for token in witness.tokens if not (await server.introspect(app, token))["active"]]
    session = await server.get("/applications", headers=person.headers)
    assert status == 0
    assert len(witness.tokens) > ROUNDS * WORKERS
    assert witness.rotations > ROUNDS
    assert inactive == []
    assert witness.refusals == []
    assert len(witness.redeemed) == len(set(witness.redeemed)) > 0
    assert session.status == 200
