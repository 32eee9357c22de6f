"""Two servers and their clients while the database fails over: what was acknowledged, for how long nothing was, what was lost."""

import json
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, Final
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import psycopg2
from attrs import define, field, frozen
from psycopg2.extensions import make_dsn, parse_dsn

from bench import stock
from tests.consistency import history
from tests.consistency.driver import REDIRECT_URI, Client, Line, Run
from tests.consistency.history import OK, READS, REDEEM, REFRESH, REFUSED, Family, Life, Operation
from tests.harness import free_port
from tests.processes import created, start
from tests.waiting import wait_until

SERVERS: Final = 2
POOL: Final = 8 + 1 + 1  # connections of one server: for requests, the spare one, the one that listens
WORKERS: Final = 6  # clients with refresh chains
MACHINES: Final = 3  # at each server, which ask for client credentials
PACE: Final = 0.05  # seconds that each of them rests
FAMILIES: Final = 3000
BACKENDS: Final = 2 * SERVERS * POOL  # at one primary, of both servers, given up ones included
SOON: Final = 2.0  # seconds after which /readyz tells the truth
MOMENT: Final = 1.0  # second more for a machine that does other things too
NEVER: Final = 15.0  # seconds without an answer
CHAINS: Final = ("--redirect-uri", REDIRECT_URI, "--grant-type", "authorization_code", "--grant-type", "refresh_token")
PUBLIC: Final = (*CHAINS, "--auth-method", "none")
CONFIDENTIAL: Final = CHAINS
MACHINE: Final = ("--grant-type", "client_credentials", "--introspect-any")


@frozen
class Answer:
    """What a request came to, and when; status 0 if nothing came."""

    server: int
    began: float
    ended: float
    status: int
    token: str = ""
    retry_after: str | None = None


def ask(server: int, url: str, form: dict[str, str] | None = None, headers: dict[str, str] | None = None) -> Answer:
    """Ask, over a connection of its own."""
    began = time.monotonic()
    body = urlencode(form).encode() if form is not None else None
    status, told, retry_after = 0, b"", None
    try:
        with urlopen(Request(url, body, headers or {}), timeout=NEVER) as reply:
            status, told = reply.status, reply.read()
    except HTTPError as error:
        status, retry_after = error.code, error.headers["Retry-After"]
        error.close()
    except OSError:
        pass
    token = json.loads(told).get("access_token", "") if form is not None and status == 200 else ""
    return Answer(server, began, time.monotonic(), status, token, retry_after)


@define
class Watch:
    """Asks one thing of one server, again and again."""

    ask: Callable[[], Answer]
    answers: list[Answer] = field(factory=list)
    ended: threading.Event = field(factory=threading.Event)
    thread: threading.Thread | None = None

    def begin(self) -> None:
        self.thread = threading.Thread(target=self.go_on, daemon=True)
        self.thread.start()

    def go_on(self) -> None:
        while not self.ended.wait(PACE):
            self.answers.append(self.ask())

    def end(self) -> None:
        self.ended.set()
        if self.thread is not None:
            self.thread.join(2 * NEVER)


@define
class Report:
    """What came of it."""

    outage: float  # seconds without an acknowledged write, the longest, at the server that had it longer
    acknowledged: int  # access tokens
    lost: list[str]  # what was acknowledged, and is not there
    all_lost: int  # the same, before that time too
    doubled: list[str]  # what was good once and was given twice
    impossible: list[str]  # what else clients saw that cannot be
    statuses: Counter[int]
    silent: int  # refusals that do not say when to come again
    backends: int  # the most that one primary had at a time
    done: Counter[tuple[str, str]]  # by clients with refresh chains


class Drill:
    """Servers, clients, and what happened when; `with` begins and ends them."""

    def __init__(self, dsn: str, members: Sequence[Any], directory: Path, settings: str = "") -> None:
        self.dsn = dsn
        user = parse_dsn(dsn)["user"]
        self.ours = re.compile(rf"postgres: (\w+: )?{user} ")  # how the processes for the servers call themselves
        self.members = members
        self.directory = directory
        self.options = ("--data-dir", str(directory), "--config", str(directory / "iam.toml"))
        (directory / "iam.toml").write_text(settings)
        self.ports = [free_port() for _ in range(SERVERS)]
        self.line = Line(self.ports)
        self.urls = [f"http://127.0.0.1:{port}" for port in self.ports]
        self.machines: list[Watch] = []
        self.lamps: list[Watch] = []
        self.run: Run
        self.work: threading.Thread
        self.machine: Client
        self.end_asked = threading.Event()
        self.event = 0.0
        self.dark: tuple[float, float] | None = None
        self.light = 0.0
        self.left_at = 0.0
        self.most_backends = 0

    def __enter__(self) -> "Drill":
        first = self.start(0)  # which makes the tables
        with ThreadPoolExecutor() as threads:
            public, confidential, self.machine = threads.map(self.client, (PUBLIC, CONFIDENTIAL, MACHINE))
        families = stocked(self.dsn, [public, confidential])
        ready = {0: first}
        self.run = Run(
            self.ports,
            [public, confidential, self.machine],
            families,
            lambda number: ready.pop(number, None) or self.start(number),
        )
        self.run.pace = PACE
        self.run.persistence = 90.0
        self.work = threading.Thread(target=self.run.work, args=(1, WORKERS, self.until_the_end, 3600), daemon=True)
        self.work.start()
        self.lamps = [Watch(lambda number=number: self.ready(number)) for number in range(SERVERS)]
        everywhere = [number for number in range(SERVERS) for _ in range(MACHINES)]
        self.machines = [Watch(lambda number=number: self.token(number)) for number in everywhere]
        for watch in (*self.lamps, *self.machines):
            watch.begin()
        self.until_writing()
        return self

    def __exit__(self, *_: object) -> None:
        self.end_asked.set()
        self.run.over = True
        for watch in (*self.lamps, *self.machines):
            watch.end()
        self.line.close()
        self.run.stop()

    def client(self, kind: Sequence[str]) -> Client:
        """A client made by a command."""
        told = created(*self.options[:2], "--database", self.dsn, *kind)
        return Client(told["client_id"], told.get("client_secret") or "")

    def start(self, number: int) -> Any:
        with (self.directory / f"server-{number}.log").open("ab") as log:
            return start("--database", self.dsn, *self.options, port=self.ports[number], output=log).server

    def until_the_end(self, _run: Run) -> None:
        """The faults of a run are made from outside; end it when that is over."""
        self.most_backends = max([self.most_backends, *map(self.backends, self.members)])
        if self.end_asked.wait(0.2):
            self.run.waiting.clear()
            self.run.over = True

    def token(self, server: int) -> Answer:
        return ask(server, self.urls[server] + "/token", {"grant_type": "client_credentials"}, self.machine.headers)

    def ready(self, server: int) -> Answer:
        return ask(server, self.urls[server] + "/readyz")

    def backends(self, member: Any) -> int:
        """How many processes a PostgreSQL has for the servers: it need not be asked, since it may stand still."""
        if not member.alive:
            return 0
        return sum(self.ours.match(title(pid)) is not None for pid in member.processes())

    def until_left(self, member: Any) -> float:
        """Wait until a PostgreSQL that was deposed has nothing more of the servers'; when that was."""
        wait_until(lambda: self.left(member) and self.left(member))
        self.left_at = time.monotonic()
        return self.left_at

    def left(self, member: Any) -> bool:
        """Has a PostgreSQL nothing more of the servers' than commits that wait for a replica, and that they have given up?"""
        time.sleep(0.1)  # while processes end, the list of them may lack others
        ours = [title(pid) for pid in member.processes() if self.ours.match(title(pid))]
        return all(" waiting for " in each for each in ours)

    # Waiting for what shows

    def begin_event(self) -> float:
        """Something happens now: outages count from here."""
        self.event = time.monotonic()
        return self.event

    def writing(self, since: float) -> bool:
        """Has every server acknowledged a write that was asked since?"""
        written = {each.server for each in self.writes() if each.began >= since}
        return len(written) == SERVERS

    def writes(self) -> list[Answer]:
        return [each for watch in self.machines for each in list(watch.answers) if each.status == 200]

    def until_writing(self) -> float:
        """Wait until every server writes; when all did, for the first time from now on."""
        began = time.monotonic()
        wait_until(lambda: self.writing(began))
        first = [
            min(each.ended for each in self.writes() if each.server == n and each.began >= began)
            for n in range(SERVERS)
        ]
        return max(first)

    def recover(self, dark: float = 0.0, dawn: float = 0.0) -> None:
        """All is well from now on: see that it is. Nothing could be written from `dark` until `dawn`, if they are given."""
        self.dark = (dark, dawn) if dawn else None
        self.light = self.until_writing()
        time.sleep(SOON + MOMENT + 1)

    # What came of it

    def lies(self) -> list[str]:
        """Where /readyz was wrong for longer than a moment: while nothing could be written, and after all was well."""
        told, dark, light = [], self.dark, self.light
        for number, lamp in enumerate(self.lamps):
            answers = list(lamp.answers)
            if dark:
                wrong = [
                    each
                    for each in answers
                    if dark[0] + SOON < each.began and each.ended < dark[1] and each.status != 503
                ]
                told += [
                    f"server {number}: {each.status} {each.began - dark[0]:.1f} s into the outage" for each in wrong
                ]
            right = [each.began for each in answers if each.began >= light and each.status == 200]
            if not right or right[0] > light + SOON + MOMENT:
                told.append(f"server {number}: not ready although writes came through")
        return told

    def finish(self, since: float = 0.0) -> Report:
        """Let the clients come to an end, and look what is left of what they were given; what they began before `since` is only counted."""
        self.end_asked.set()
        for machine in self.machines:
            machine.end()
        self.work.join(180)
        operations = self.run.operations
        history.write(self.directory / "history.jsonl", operations)
        lives = {name: life for name, life in by_family(operations).items() if life[0].begin >= since}
        families = {name: family for name, family in self.run.families.items() if name in lives}
        possible = [each for each in operations if each.family in families and not self.stale(each)]
        impossible = list(history.violations(families, possible))
        answers = [answer for machine in self.machines for answer in machine.answers]
        lost = [token for token in self.given(answers) if not self.active(token)]
        recent = {each.token for each in answers if each.began >= since}
        recent |= {token for name, family in families.items() for token in surviving(family, lives[name])}
        doubled = [name for name, life in lives.items() if redeemed(life) and self.redeems(name)]
        doubled += [each for each in impossible if ": I1" in each or ": I3" in each]
        refused = [each for each in answers if each.status == 503]
        return Report(
            self.outage(),
            len(self.given(answers)),
            [f"access token {token[:12]}" for token in lost if token in recent],
            len(lost),
            doubled,
            impossible,
            Counter(each.status for each in answers),
            sum(each.retry_after is None for each in refused),
            self.most_backends,
            Counter((each.kind, each.result) for each in operations),
        )

    def given(self, answers: list[Answer]) -> list[str]:
        """The access tokens that were acknowledged, but those of families that something has ended."""
        lives = by_family(self.run.operations)
        chains = [surviving(self.run.families[name], life) for name, life in lives.items() if name in self.run.families]
        return [each.token for each in answers if each.token] + [token for tokens in chains for token in tokens]

    def stale(self, each: Operation) -> bool:
        """Was it asked of a server that still read from a deposed primary? It may not know what another one has given."""
        return each.kind in READS and each.result == REFUSED and self.event < each.begin < self.left_at

    def outage(self) -> float:
        """The longest time without an acknowledged write since the event."""
        gaps = [0.0]
        for number in range(SERVERS):
            moments = sorted(each.ended for each in self.writes() if each.server == number and each.ended > self.event)
            gaps += [late - early for early, late in zip([self.event, *moments], moments, strict=False)]
        return max(gaps)

    def active(self, token: str) -> bool:
        """Is an access token good, whoever's it is?"""
        return self.told("/resource", None, {"Authorization": f"Bearer {token}"}) == 200

    def redeems(self, name: str) -> bool:
        """Is a code good, once more?"""
        family = self.run.families[name]
        client = self.run.clients[family.client_id]
        form = {"grant_type": "authorization_code", "code": family.code, "redirect_uri": REDIRECT_URI, **client.form}
        return self.told("/token", form, client.headers) == 200

    def told(self, path: str, form: dict[str, str] | None, headers: dict[str, str]) -> int:
        """The status of an answer, over a connection that is kept."""
        while not self.line.send(0, path, form, headers):
            time.sleep(PACE)
        status, _ = self.line.receive(0)
        assert status in (200, 400, 401), f"{path} is {status} although all is well"
        return status


def stocked(dsn: str, clients: list[Client]) -> dict[str, Family]:
    """Codes of people to redeem, each the beginning of a family."""
    with (
        closing(psycopg2.connect(make_dsn(dsn, target_session_attrs="read-write"))) as connection,
        connection.cursor() as cursor,
    ):
        connection.autocommit = True
        families = {}
        for number, client in enumerate(clients):
            user = stock.person(cursor, f"person{number} of {client.client_id}")
            for place, code in enumerate(stock.codes(cursor, client.client_id, user, FAMILIES // len(clients))):
                families[f"{number}.{place}"] = Family(code, client.client_id, user)
        return families


def by_family(operations: list[Operation]) -> dict[str, list[Operation]]:
    lives: dict[str, list[Operation]] = {}
    for each in sorted(operations, key=lambda each: each.begin):
        lives.setdefault(each.family, []).append(each)
    return lives


def surviving(family: Family, life: list[Operation]) -> set[str]:
    """The access tokens that a client was given, if nothing has ended the family."""
    if Life(family, life).causes:
        return set()
    return {each.output["access_token"] for each in life if each.kind in (REDEEM, REFRESH) and each.result == OK}


def redeemed(life: list[Operation]) -> bool:
    """Did the code of this family win?"""
    return any(each.kind == REDEEM and each.result == OK for each in life)


def title(pid: int) -> str:
    """How a process calls itself; empty if it is gone."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_text().rstrip("\0")
    return ""
