"""Two servers, one database, and everything is killed: what clients saw must be possible (I1 to I14).

The seed of a run is printed; `IAM_CONSISTENCY_SEED` repeats one.
"""

import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from attrs import define
from twisted.internet import reactor
from twisted.internet.threads import blockingCallFromThread, deferToThread

from bench import stock
from iam.oauth.grant_types import DEVICE_CODE
from tests.consistency import history
from tests.consistency.driver import Client, Proving, Publishing, Pushing, Rotation, Run
from tests.consistency.history import Family, Operation
from tests.consistency.mutants import MUTANTS
from tests.documents import Publisher
from tests.harness import free_port
from tests.processes import answers, created

LAUNCHER = Path(__file__).with_name("mutants.py")
GRANTS = [
    word
    for name in ("authorization_code", "refresh_token", "client_credentials", DEVICE_CODE)
    for word in ("--grant-type", name)
]
CLIENTS = 3
WORKERS = 12
FAMILIES = {False: 700, True: 2600}  # about ten operations each; as all of these with --long
FAMILIES_OF_A_MUTANT = {False: 120, True: 900}
KILLS = {False: 1, True: 4}  # of servers, at least
FEW = (  # what is tried without it, and shows without a fault; several mutants in one server cost no more than one
    "select_then_update",
    "family_that_survives+proof_used_twice+device_served_twice+document_of_another+host_forgotten",
)
EVERYTHING = {  # that succeeds
    *(
        "redeem",
        "refresh",
        "introspect",
        "use",
        "revoke",
        "authenticate",
        "rotate",
        "probe",
        "prove",
        "push",
        "open",
        "admit",
    )
}
PATIENCE = 240.0  # seconds
SOON = 90.0  # seconds of one attempt to make a mutant show
ATTEMPTS = 3
KINDS = ("server", "server", "backend", "answers")
SHOWN_BY = {
    "cache_without_notify": (),
    "retry_after_commit": ("answers",),
    "forgetful_commit": ("database",),
    "late_is_theft": (),
    "proof_used_twice": (),
    "device_served_twice": (),
    "document_of_another": (),
    "host_forgotten": (),
}
BROKEN = {  # what must show of a mutant; of others anything
    "select_then_update": {"I1", "handles:"},
    "family_that_survives": {"I6"},
    "proof_used_twice": {"proofs:"},
    "device_served_twice": {"I1"},
    "document_of_another": {"I13"},
    "host_forgotten": {"I14"},
}
STALL = 10.0  # seconds in which no commit comes back
WINDOW = 4  # seconds in which a public client may repeat a refresh: less than a stall
SETTINGS = {
    "IAM_DPOP_NONCES": "offered",
    "IAM_ACCESS_TOKEN_LIFETIME": "20",
    "IAM_REFRESH_TOKEN_RETRY_WINDOW": str(WINDOW),
}


@define
class Faults:
    """What goes wrong, in turns: each of `kinds`, the database once, and one stall; nothing at the time 0.0."""

    mortal: Any
    line: Any
    random: random.Random
    kinds: tuple[str, ...]
    database_at: float
    stall_at: float
    done: Counter[str]
    last: float = -60.0

    def deaf(self) -> bool:
        """May somebody not hear of a change now?"""
        return time.monotonic() - self.last < 8

    def __call__(self, run: Run) -> None:
        time.sleep(self.random.uniform(0.4, 1.2))
        if self.stall_at and time.monotonic() > self.stall_at:
            self.stall_at = 0.0
            self.stall()
        if not self.kinds:
            return
        self.last = time.monotonic()
        choice = self.random.choice(self.kinds) if self.done.total() else self.kinds[0]
        if self.database_at and time.monotonic() > self.database_at:
            self.database_at = 0.0
            choice = "database"
        self.done[choice] += 1
        {"server": self.server, "backend": self.backend, "answers": self.answers, "database": self.database}[choice](
            run
        )

    def server(self, run: Run) -> None:
        run.kill(self.random.randrange(2))

    def backend(self, run: Run) -> None:
        self.mortal.terminate()

    def database(self, run: Run) -> None:
        self.mortal.kill()
        time.sleep(0.5)
        self.mortal.start()

    def stall(self) -> None:
        """Commits are durable and do not come back for longer than the window: strict synchronous replication."""
        self.done["stall"] += 1
        self.mortal.hold_commits()
        time.sleep(STALL)
        self.mortal.let_commits_go()
        self.last = time.monotonic()

    def answers(self, run: Run) -> None:
        """Answers of the database get lost on their way, and then the connections break: did it happen?"""
        self.line.muted = True
        time.sleep(0.02)
        blockingCallFromThread(reactor, self.line.cut)
        self.line.muted = False


def launcher(mutant: str, dsns: list[str], ports: list[int], data_dir: str) -> Callable[[int], subprocess.Popen[bytes]]:
    """Starts one of the servers, and waits until it answers; again where it has ended, for the database may have been away."""

    def start(number: int) -> subprocess.Popen[bytes]:
        end = time.monotonic() + 40
        while (server := launched(number, end)) is None:
            pass
        return server

    def launched(number: int, end: float) -> subprocess.Popen[bytes] | None:
        options = ["--port", str(ports[number]), "--database", dsns[number], "--data-dir", data_dir, "--no-rate-limits"]
        options += ["--allow-fetch", "127.0.0.0/8"]
        with Path(data_dir, f"server-{number}.log").open("ab") as log:
            server = subprocess.Popen(
                [sys.executable, str(LAUNCHER), mutant, "iam", *options],
                stdout=log,
                stderr=log,
                cwd="/",
                env={**os.environ, **SETTINGS, "PYTHONPATH": os.pathsep.join(sys.path)},
            )
        while not answers(f"http://127.0.0.1:{ports[number]}"):
            if server.poll() is not None:
                return None
            assert time.monotonic() < end, "a server does not start"
            time.sleep(0.05)
        return server

    return start


def stocked(dsn: str, clients: list[Client], count: int) -> dict[str, Family]:
    """Codes of people to redeem, each the beginning of a family."""
    with closing(psycopg2.connect(dsn)) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        families = {}
        for number, client in enumerate(clients):
            user = stock.person(cursor, f"person{number}")
            codes = stock.codes(cursor, client.client_id, user, count // len(clients))
            if client is clients[-1]:
                codes = stock.as_of_devices(cursor, client.client_id, codes)
            for place, code in enumerate(codes):
                families[f"{number}.{place}"] = Family(code, client.client_id, user)
        return families


def replaced(dsn: str) -> Callable[[str, bytes], None]:
    """Replaces the secret of a client, as another server would."""

    def replace(client_id: str, digest: bytes) -> None:
        with closing(psycopg2.connect(dsn, connect_timeout=5)) as connection, connection.cursor() as cursor:
            cursor.execute("update client_secrets set digest = %s where client_id = %s", (digest, client_id))
            connection.commit()

    return replace


def switching(dsn: str, host: str) -> Callable[[bool], None]:
    """Disables a host of documents, or enables it, as another server would."""
    insert = "insert into document_hosts (host, disabled_at) values (%s, now()) on conflict do nothing"

    def switch(disabled: bool) -> None:
        with closing(psycopg2.connect(dsn, connect_timeout=5)) as connection, connection.cursor() as cursor:
            cursor.execute(insert if disabled else "delete from document_hosts where host = %s", (host,))
            connection.commit()

    return switch


@define
class Outcome:
    """What came of a run."""

    families: dict[str, Family]
    operations: list[Operation]
    violations: list[str]
    faults: Counter[str]


async def run(
    mortal: Any,
    line: Any,
    tmp_path: Path,
    publisher: Publisher,
    *,
    mutant: str = "none",
    count: int,
    patience: float = PATIENCE,
    kinds: tuple[str, ...] = KINDS,
    stalls: bool = False,
) -> Outcome:
    """Everything, in a thread: the reactor has the lines to the database to carry."""
    seed = int(os.environ.get("IAM_CONSISTENCY_SEED", "0")) or random.SystemRandom().randrange(1, 10**6)
    print(f"IAM_CONSISTENCY_SEED={seed}")
    mortal.ask("drop schema public cascade")
    mortal.ask("create schema public")
    the_line, line_dsn = line
    ports, data_dir = [free_port(), free_port()], str(tmp_path)
    start = launcher(mutant, [mortal.dsn(), line_dsn], ports, data_dir)

    def everything() -> Outcome:
        options = ("--database", mortal.dsn(), "--data-dir", data_dir)
        made = [
            created(*options, "--redirect-uri", "https://client.example/callback", *GRANTS) for _ in range(CLIENTS + 1)
        ]
        *clients, rotating = [Client(each["client_id"], each["client_secret"]) for each in made]
        families = stocked(mortal.dsn(), clients, count)
        begun = time.monotonic()
        database_at, stall_at = (
            begun + min(25, patience / 3, count / 100),
            begun + min(5, count / 200) if stalls else 0.0,
        )
        faults = Faults(mortal, the_line, random.Random(seed), kinds, database_at, stall_at, Counter())
        work = Run(ports, clients, families, start)
        rotation = Rotation(work, rotating, replaced(mortal.dsn()), faults.deaf)
        proving = Proving(work, clients[0])
        rotation.start()
        proving.start()
        pushing = Pushing(work, clients[0])
        pushing.start()
        publishing = Publishing(work, publisher, switching(mortal.dsn(), publisher.host))
        publishing.start()
        try:
            work.work(seed, WORKERS, faults, patience)
            rotation.join(30)
            proving.join(30)
            pushing.join(30)
            publishing.join(30)
        finally:
            work.stop()
        others = (rotation, proving, pushing, publishing)
        operations = [*work.operations, *(each for other in others for each in other.operations)]
        history.write(tmp_path / "history.jsonl", operations)
        return Outcome(families, operations, list(history.violations(families, operations)), faults.done)

    return await deferToThread(everything)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """All mutants take minutes."""
    if "mutant" in metafunc.fixturenames:
        metafunc.parametrize("mutant", MUTANTS if metafunc.config.getoption("long") else FEW)


@pytest.fixture
def long(pytestconfig: pytest.Config) -> bool:
    return bool(pytestconfig.getoption("long"))


async def test_what_clients_saw_is_possible_although_everything_is_killed(
    mortal: Any, line: Any, tmp_path: Path, publisher: Publisher, long: bool
) -> None:
    outcome = await run(mortal, line, tmp_path, publisher, count=FAMILIES[long], stalls=True)

    print(Counter((each.kind, each.result) for each in outcome.operations), outcome.faults)
    assert outcome.violations == []
    assert {each.family for each in outcome.operations if each.kind == "redeem"} == set(outcome.families)
    assert {each.kind for each in outcome.operations if each.result == "ok"} >= EVERYTHING
    assert outcome.faults["database"] == 1
    assert outcome.faults["stall"] == 1
    assert outcome.faults["server"] >= KILLS[long]


async def test_the_checker_finds_a_server_with_a_mistake(
    mortal: Any, line: Any, tmp_path: Path, publisher: Publisher, mutant: str, long: bool
) -> None:
    found: list[str] = []
    broken = set().union(*(BROKEN.get(name, set()) for name in mutant.split("+")))
    for attempt in range(ATTEMPTS):
        place = tmp_path / str(attempt)
        place.mkdir()
        kinds = SHOWN_BY.get(mutant, KINDS if long else ())
        stalls = mutant == "late_is_theft"
        count = FAMILIES_OF_A_MUTANT[long]
        outcome = await run(
            mortal, line, place, publisher, mutant=mutant, count=count, patience=SOON, kinds=kinds, stalls=stalls
        )
        print(len(outcome.operations), outcome.violations[:3], outcome.faults)
        found += outcome.violations
        shown = {word for sentence in found for word in sentence.split()[:2]}
        if found and shown >= broken:
            break

    assert found
    assert shown >= broken
