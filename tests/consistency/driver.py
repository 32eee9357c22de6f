"""Clients that redeem, refresh, revoke and ask, through two servers that are killed again and again; their history."""

import http.client
import json
import random
import subprocess
import threading
import time
from base64 import b64encode
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final
from urllib.parse import urlencode

from attrs import define, field, frozen
from joserfc import jws
from joserfc.jwk import ECKey

from iam.oauth.grant_types import DEVICE_CODE
from iam.secrets import minted
from iam.secrets.minted import Kind
from tests.consistency import history
from tests.consistency.history import (
    ADMIT,
    AUTHENTICATE,
    INTROSPECT,
    LATE,
    OK,
    OPEN,
    PROBE,
    PROVE,
    PUSH,
    REDEEM,
    REFRESH,
    REFUSED,
    REVOKE,
    ROTATE,
    UNKNOWN,
    USE,
    Family,
    Operation,
)
from tests.documents import Publisher
from tests.harness import App
from tests.processes import answers
from tests.pushing import asking

REDIRECT_URI: Final = "https://client.example/callback"
FORM: Final = "application/x-www-form-urlencoded"
TIMEOUT: Final = 10.0  # seconds for one answer
PATIENT: Final = 0.2  # the part of clients that wait after they have heard nothing
PERSISTENCE: Final = 25.0  # seconds that a client retries an answer which did not come: longer than a stall


@frozen
class Client:
    """A registered client; without a secret, a public one."""

    client_id: str
    secret: str = ""

    @property
    def form(self) -> dict[str, str]:
        return {} if self.secret else {"client_id": self.client_id}

    @property
    def headers(self) -> dict[str, str]:
        if not self.secret:
            return {"Content-Type": FORM}
        basic = b64encode(f"{self.client_id}:{self.secret}".encode()).decode()
        return {"Authorization": "Basic " + basic, "Content-Type": FORM}


@define
class Tokens:
    """What a client holds of a family."""

    code: str
    access: str = ""
    refresh: str = ""
    lives: float = 0.0  # until when the access token is good at least
    ends: float = 0.0  # and at most: an answer may be long on its way
    old: list[str] = field(factory=list)


class Line:
    """One client's connections, one to each server."""

    def __init__(self, ports: list[int]) -> None:
        self.ports = ports
        self.connections: list[http.client.HTTPConnection | None] = [None] * len(ports)

    def send(self, server: int, path: str, form: dict[str, str] | None, headers: dict[str, str]) -> bool:
        """Ask, and do not wait for the answer; False if nobody is there."""
        connection = self.connections[server] or http.client.HTTPConnection("127.0.0.1", self.ports[server], TIMEOUT)
        self.connections[server] = connection
        try:
            connection.request("POST" if form is not None else "GET", path, urlencode(form or {}) or None, headers)
        except (OSError, http.client.HTTPException):
            self.drop(server)
            return False
        return True

    def receive(self, server: int) -> tuple[int, bytes]:
        """The answer; status 0 if none comes."""
        connection = self.connections[server]
        if connection is None:
            return 0, b""
        try:
            response = connection.getresponse()
            body = response.read()
        except (OSError, http.client.HTTPException):
            self.drop(server)
            return 0, b""
        if response.will_close:
            self.drop(server)
        return response.status, body

    def close(self) -> None:
        for server in range(len(self.ports)):
            self.drop(server)

    def drop(self, server: int) -> None:
        """Hang up."""
        connection = self.connections[server]
        if connection is not None:
            connection.close()
        self.connections[server] = None


class Worker(threading.Thread):
    """A client program: takes one family after the other and lives with it."""

    def __init__(self, run: "Run", seed: int) -> None:
        super().__init__(daemon=True)
        self.run_ = run
        self.random = random.Random(seed)
        self.line = Line(run.ports)
        self.operations: list[Operation] = []

    def run(self) -> None:
        """Work until there is nothing more to do."""
        while not self.run_.over:
            name = self.run_.take()
            if name is None:
                break
            self.live(name, self.run_.families[name])
        self.line.close()

    def other(self) -> int:
        return self.random.randrange(len(self.line.ports))

    # One call, or two at the same moment

    def ask(
        self, kind: str, name: str, key: str, form: dict[str, str] | None, servers: list[int], **output: Any
    ) -> list[Operation]:
        """The same request to these servers at once; its operations, in the history."""
        paths = {
            REDEEM: "/token",
            REFRESH: "/token",
            REVOKE: "/revoke",
            INTROSPECT: "/introspect",
            PROBE: "/introspect",
        }
        client = self.run_.clients[self.run_.families[name].client_id]
        if kind in (INTROSPECT, PROBE) and not client.secret:
            client = self.run_.introspector
        form = {**form, **client.form} if form is not None else None
        headers = client.headers if kind != USE else {"Authorization": f"Bearer {key}"}
        sent = []
        for server in servers:
            began = time.monotonic()
            sent.append((server, began, self.line.send(server, paths.get(kind, "/resource"), form, headers)))
        done = []
        for server, began, there in sent:
            status, body = self.line.receive(server) if there else (0, b"")
            result, told = judged(kind, status, body)
            operation = Operation(kind, name, key, began, time.monotonic(), result, {**told, **output})
            done.append(operation)
        self.operations += done
        return done

    def lose(self, kind: str, name: str, key: str, form: dict[str, str]) -> None:
        """Ask, and hang up without having heard the answer."""
        server, began = self.other(), time.monotonic()
        client = self.run_.clients[self.run_.families[name].client_id]
        if self.line.send(server, "/token", {**form, **client.form}, client.headers):
            time.sleep(self.random.uniform(0, 0.01))
            self.line.drop(server)
        self.operations.append(Operation(kind, name, key, began, time.monotonic(), UNKNOWN))
        if self.random.random() < PATIENT:
            time.sleep(1.5 * LATE)

    def insist(self, kind: str, name: str, key: str, form: dict[str, str]) -> Operation:
        """Ask until there is an answer."""
        end = time.monotonic() + self.run_.persistence
        while True:
            (operation,) = self.ask(kind, name, key, form, [self.other()])
            if operation.result != UNKNOWN or time.monotonic() > end or self.run_.over:
                return operation
            time.sleep(0.05)

    # A family's life

    def live(self, name: str, family: Family) -> None:
        """Redeem the code, use what it gives, and end it in one way or another, or not."""
        tokens = Tokens(family.code)
        if not self.redeem(name, tokens):
            return
        for _ in range(self.random.randint(2, 14)):
            if self.run_.over or not self.step(name, tokens):
                break
        self.run_.finish(name, tokens)

    def redeem(self, name: str, tokens: Tokens) -> bool:
        form = redeeming(tokens.code)
        servers = [0, 1] if self.random.random() < 0.4 else [self.other()]
        if self.random.random() < 0.05:
            self.lose(REDEEM, name, tokens.code, form)
        won = [each for each in self.ask(REDEEM, name, tokens.code, form, servers) if each.result == OK]
        return bool(won) and self.keep(tokens, won[0])

    def step(self, name: str, tokens: Tokens) -> bool:
        """One thing that clients, or thieves, do; False when the family has ended."""
        time.sleep(self.run_.pace)
        choice = self.random.random()
        if choice < 0.30:
            self.ask(
                INTROSPECT,
                name,
                tokens.access,
                {"token": tokens.access},
                [self.other()],
                lives=tokens.lives,
                ends=tokens.ends,
            )
            return True
        if choice < 0.45:
            self.ask(USE, name, tokens.access, None, [self.other()], lives=tokens.lives, ends=tokens.ends)
            return True
        if choice < 0.90:
            return self.refresh(name, tokens)
        if choice < 0.94:
            form = redeeming(tokens.code)
            self.insist(REDEEM, name, tokens.code, form)
        elif choice < 0.97 and tokens.old:
            old = self.random.choice(tokens.old)
            self.insist(REFRESH, name, old, {"grant_type": "refresh_token", "refresh_token": old})
        else:
            token = self.random.choice([tokens.access, tokens.refresh])
            self.insist(REVOKE, name, token, {"token": token})
        for _ in range(2):
            self.ask(
                INTROSPECT,
                name,
                tokens.access,
                {"token": tokens.access},
                [self.other()],
                lives=tokens.lives,
                ends=tokens.ends,
            )
        return False

    def refresh(self, name: str, tokens: Tokens) -> bool:
        form = {"grant_type": "refresh_token", "refresh_token": tokens.refresh}
        choice = self.random.random()
        if choice < 0.25:
            self.lose(REFRESH, name, tokens.refresh, form)
        won = []
        if choice > 0.75:
            won = [each for each in self.ask(REFRESH, name, tokens.refresh, form, [0, 1]) if each.result == OK]
        operation = won[0] if won else self.insist(REFRESH, name, tokens.refresh, form)
        return operation.result == OK and self.keep(tokens, operation)

    def keep(self, tokens: Tokens, operation: Operation) -> bool:
        if tokens.refresh and tokens.refresh != operation.output["refresh_token"]:
            tokens.old.append(tokens.refresh)
        tokens.access = operation.output["access_token"]
        tokens.refresh = operation.output["refresh_token"]
        tokens.lives = operation.begin + operation.output["expires_in"]
        tokens.ends = operation.end + operation.output["expires_in"]
        return True


def redeeming(code: str) -> dict[str, str]:
    """The request that redeems a code: of a person's browser, or of a device whose person has allowed it."""
    if minted.well_formed(code, Kind.DEVICE_CODE):
        return {"grant_type": DEVICE_CODE, "device_code": code}
    return {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT_URI}


def judged(kind: str, status: int, body: bytes) -> tuple[str, dict[str, Any]]:
    """What an answer says."""
    if status == 0 or status >= 500:
        return UNKNOWN, {}
    if kind in (INTROSPECT, PROBE):
        told = json.loads(body)
        return (OK, told) if told["active"] else (REFUSED, {})
    if status == 200:
        return OK, json.loads(body) if kind in (REDEEM, REFRESH) else {}
    return REFUSED, {"status": status}


class Run:
    """Everything that one run needs: servers, families, and who is through with which."""

    def __init__(
        self,
        ports: list[int],
        clients: list[Client],
        families: dict[str, Family],
        start: Callable[[int], subprocess.Popen[bytes]],
    ) -> None:
        self.ports = ports
        self.clients = {client.client_id: client for client in clients}
        self.introspector = clients[-1]  # for public clients, which may not ask
        self.families = families
        self.start = start
        self.over = False
        self.deaf = False
        self.pace = 0.0  # seconds that a client rests before each step
        self.persistence = PERSISTENCE
        self.lock = threading.Lock()
        self.waiting = list(families)
        self.finished: dict[str, Tokens] = {}
        self.operations: list[Operation] = []
        self.servers = [start(number) for number in range(len(ports))]

    def take(self) -> str | None:
        with self.lock:
            return self.waiting.pop() if self.waiting else None

    def finish(self, name: str, tokens: Tokens) -> None:
        with self.lock:
            self.finished[name] = tokens

    def kill(self, number: int) -> None:
        """Kill a server, and start it again."""
        self.servers[number].kill()
        self.servers[number].wait()
        self.servers[number] = self.start(number)

    def work(self, seed: int, workers: int, faults: Callable[["Run"], None], patience: float) -> None:
        """Let the clients work while there are faults; then let all settle, and ask what is left."""
        threads = [Worker(self, seed * 1000 + number) for number in range(workers)]
        for thread in threads:
            thread.start()
        end = time.monotonic() + patience
        while any(thread.is_alive() for thread in threads) and time.monotonic() < end:
            faults(self)
        self.over = True
        for thread in threads:
            thread.join(self.persistence + TIMEOUT)
            self.operations += thread.operations
        self.settle()
        self.operations += probes(self, seed)

    def settle(self) -> None:
        """Wait until both servers are well."""
        end = time.monotonic() + 30
        for port in self.ports:
            while time.monotonic() < end:
                if answers(f"http://127.0.0.1:{port}", "/readyz"):
                    break
                time.sleep(0.05)
        time.sleep(0.5)

    def stop(self) -> None:
        for server in self.servers:
            server.terminate()
        for server in self.servers:
            with suppress(subprocess.TimeoutExpired):
                server.wait(20)
            server.kill()


def probes(run: Run, seed: int) -> list[Operation]:
    """Ask twice, each server once, about every refresh token that a family may still have."""
    worker = Worker(run, seed)
    for name, tokens in run.finished.items():
        for token in {*tokens.old[-2:], tokens.refresh}:
            for server in (0, 1):
                worker.ask(PROBE, name, token, {"token": token}, [server])
        if tokens.access and time.monotonic() < tokens.lives - 2:
            worker.ask(
                INTROSPECT, name, tokens.access, {"token": tokens.access}, [0], lives=tokens.lives, ends=tokens.ends
            )
    worker.line.close()
    return worker.operations


class Rotation(threading.Thread):
    """A client whose secret is replaced now and then, and who goes on trying the old ones."""

    def __init__(
        self, run: Run, client: Client, replace: Callable[[str, bytes], None], deaf: Callable[[], bool]
    ) -> None:
        super().__init__(daemon=True)
        self.run_ = run
        self.client = client
        self.replace = replace
        self.deaf = deaf
        self.line = Line(run.ports)
        self.operations: list[Operation] = []

    def run(self) -> None:
        secret = self.client.secret
        while not self.run_.over:
            self.authenticate(secret)
            fresh = minted.mint(Kind.CLIENT_SECRET)
            began = time.monotonic()
            try:
                self.replace(self.client.client_id, minted.digest(fresh))
            except Exception:  # noqa: BLE001 - the database is away
                time.sleep(0.2)
                continue
            self.operations.append(Operation(ROTATE, "secrets", secret, began, time.monotonic(), OK))
            for _ in range(8):
                time.sleep(0.3)
                self.authenticate(secret)
            secret = fresh
        self.line.close()

    def authenticate(self, secret: str) -> None:
        for server in (0, 1):
            began = time.monotonic()
            headers = Client(self.client.client_id, secret).headers
            there = self.line.send(server, "/introspect", {"token": "x"}, headers)
            status, _ = self.line.receive(server) if there else (0, b"")
            result = {200: OK, 401: REFUSED}.get(status, UNKNOWN)
            told = {"deaf": self.deaf()}
            self.operations.append(Operation(AUTHENTICATE, "secrets", secret, began, time.monotonic(), result, told))


class Proving(threading.Thread):
    """A client with a key, which uses each `jti` at all servers at once (RFC 9449 §11.1)."""

    def __init__(self, run: Run, client: Client) -> None:
        super().__init__(daemon=True)
        self.run_ = run
        self.client = client
        self.key = ECKey.generate_key("P-256")
        self.line = Line(run.ports)
        self.operations: list[Operation] = []

    def run(self) -> None:
        while not self.run_.over:
            self.prove("/token", {"grant_type": "client_credentials"})
            self.prove("/par", asking(redirect_uri=REDIRECT_URI))  # where it is used up by a statement of its own
            time.sleep(0.1)
        self.line.close()

    def prove(self, path: str, form: dict[str, str]) -> None:
        began, jti = time.monotonic(), minted.identifier().hex
        sent = [{**self.client.headers, "DPoP": self.proof(jti, port, path)} for port in self.run_.ports]
        there = [self.line.send(server, path, form, headers) for server, headers in enumerate(sent)]
        for server, asked in enumerate(there):
            status, _ = self.line.receive(server) if asked else (0, b"")
            result = {200: OK, 201: OK, 400: REFUSED}.get(status, UNKNOWN)
            self.operations.append(Operation(PROVE, "proofs", jti, began, time.monotonic(), result))

    def proof(self, jti: str, port: int, path: str) -> str:
        claims = {"jti": jti, "htm": "POST", "htu": f"http://localhost:{port}{path}", "iat": int(time.time())}
        header = {"typ": "dpop+jwt", "alg": "ES256", "jwk": self.key.as_dict(private=False)}
        return jws.serialize_compact(header, json.dumps(claims), self.key)


class Pushing(threading.Thread):
    """A client that pushes requests, each of which browsers at both servers bring at the same moment."""

    def __init__(self, run: Run, client: Client) -> None:
        super().__init__(daemon=True)
        self.run_ = run
        self.client = client
        self.line = Line(run.ports)
        self.operations: list[Operation] = []

    def run(self) -> None:
        while not self.run_.over:
            for server in (0, 1):
                self.push(server)
            time.sleep(0.1)
        self.line.close()

    def push(self, server: int) -> None:
        """Push a request at this server, and open it at both."""
        began, form = time.monotonic(), asking(redirect_uri=REDIRECT_URI)
        there = self.line.send(server, "/par", form, self.client.headers)
        status, body = self.line.receive(server) if there else (0, b"")
        result = OK if status == 201 else UNKNOWN
        self.operations.append(Operation(PUSH, "handles", "", began, time.monotonic(), result))
        if result == OK:
            told = json.loads(body)
            self.open(told["request_uri"], began + told["expires_in"])

    def open(self, handle: str, lives: float) -> None:
        path = "/authorize?" + urlencode({"client_id": self.client.client_id, "request_uri": handle})
        began = time.monotonic()
        there = [self.line.send(server, path, None, {}) for server in (0, 1)]
        for server, asked in enumerate(there):
            status, _ = self.line.receive(server) if asked else (0, b"")
            result = {303: OK, 400: REFUSED}.get(status, UNKNOWN)
            told = {"lives": lives}
            self.operations.append(Operation(OPEN, "handles", handle, began, time.monotonic(), result, told))


class Publishing(threading.Thread):
    """Clients that are documents, each opened at both servers at once, while their host is disabled now and then."""

    def __init__(self, run: Run, publisher: Publisher, switch: Callable[[bool], None]) -> None:
        super().__init__(daemon=True)
        self.run_ = run
        self.publisher = publisher
        self.switch = switch
        self.line = Line(run.ports)
        self.operations: list[Operation] = []

    def run(self) -> None:
        while not self.run_.over:
            known = self.publisher.publish()
            self.admit(known)
            self.admit(self.publisher.publish(client_id="https://client.example/id"), "I13")
            if self.switched(disabled=True):
                self.admit(known, "I14")
                self.admit(self.publisher.publish(), "I14")
            while not self.run_.over and not self.switched(disabled=False):
                time.sleep(0.2)
            time.sleep(0.2)
        self.line.close()

    def switched(self, *, disabled: bool) -> bool:
        """Disable or enable the host, as another server would; False if the database is away."""
        try:
            self.switch(disabled)
        except Exception:  # noqa: BLE001 - the database is away
            return False
        return True

    def admit(self, app: App, wrong: str = "") -> None:
        """Open a document at both servers; `wrong` is what it would break to let it in."""
        path = "/authorize?" + urlencode({**asking(scope="openid"), "client_id": app.client_id})
        began = time.monotonic()
        there = [self.line.send(server, path, None, {}) for server in (0, 1)]
        for server, asked in enumerate(there):
            status, _ = self.line.receive(server) if asked else (0, b"")
            result = {302: OK, 303: OK, 400: REFUSED}.get(status, UNKNOWN)
            told = {"wrong": wrong}
            self.operations.append(Operation(ADMIT, "documents", app.client_id, began, time.monotonic(), result, told))


__all__ = ["Client", "Proving", "Publishing", "Pushing", "Rotation", "Run", "Worker", "history"]
