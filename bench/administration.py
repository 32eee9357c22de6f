"""Every list and page of the administration, with a hundred thousand people and with a hundred, in turns; see README.md."""

import argparse
import http.client
import os
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from attrs import frozen

sys.path.insert(0, str(Path(__file__).parent.parent))

from bench import cluster, results
from bench.asked import Asked, addresses
from bench.cluster import Cluster
from bench.multitude import FEW, FULL, NOBODY, Multitude
from bench.served import server
from iam.records.scope import ADMINISTRATIVE
from iam.secrets import minted
from iam.secrets.minted import Kind
from tests.harness import SERVER_KEY

ROUNDS = 15
OK = 200
LIMIT = 1.5  # times what it takes where there is one page of everything
OVER = f"**> {LIMIT}**"
HEAD = (
    "address",
    "few, ms",
    "many, ms",
    "CPU: empty, ms",
    "few, ms",
    "many, ms",
    "many/few in time",
    "in CPU",
    "many/empty in CPU",
    "verdict",
)

# Who administers, with a browser's session and a token for the API.
ADMINISTRATOR = """
insert into users (id, username, username_key, name, created_at, updated_at)
values (%(user_id)s, 'administrator', 'administrator', 'Administrator', now() - interval '1 year', now());
insert into role_grants (role, user_id, created_at) values ('administrator', %(user_id)s, now());
insert into grants (id, user_id, grant_type, scope, resources, created_at, expires_at)
values (%(grant_id)s, %(user_id)s, 'personal_token', %(scope)s, %(resources)s, now(), now() + interval '1 day');
insert into personal_tokens (grant_id, digest, user_id, name) values (%(grant_id)s, %(token)s, %(user_id)s, 'bench')
"""
LOGIN = """
insert into sessions (day, digest, id, user_id, auth_time, seen_at, expires_at, remembered)
select current_date + 1, %(digest)s, gen_random_uuid(), id, now(), now(), current_date + 1, true from users where username = %(name)s
"""
BACKENDS = "select pid from pg_stat_activity where datname = current_database() and usename = 'iam'"
AGAIN = "update sessions set auth_time = now() where digest = any(%(digests)s)"


class Browser:
    """A connection to a server that stays open, with the cookie of a session and a token."""

    def __init__(self, url: str, cookie: str, token: str) -> None:
        self._connection = http.client.HTTPConnection(str(urlsplit(url).netloc))
        self._headers = {"page": {"Cookie": f"iam={cookie}"}, "api": {"Authorization": f"Bearer {token}"}}

    def get(self, address: str, kind: str = "api") -> tuple[int, bytes]:
        """The status and the body of an answer."""
        self._connection.request("GET", address, headers=self._headers[kind])
        answer = self._connection.getresponse()
        return answer.status, answer.read()


@frozen
class Took:
    """Milliseconds until the answer was there, and those of a processor that server and PostgreSQL needed for it."""

    time: float
    cpu: float


@frozen
class Side:
    """A server with so many of everything, and who looks after it."""

    name: str
    administrator: Browser
    person: Browser
    cursor: Any
    digests: Sequence[bytes]
    process: int

    def get(self, asked: Asked) -> int:
        """Open this address; the status."""
        browser = self.person if asked.own else self.administrator
        return browser.get(asked.address, asked.kind)[0]

    def took(self, asked: Asked) -> Took:
        """What it takes to open this address."""
        processes = [self.process, *self.backends()]
        spent, began = sum(map(nanoseconds, processes)), time.perf_counter()
        self.get(asked)
        took = time.perf_counter() - began
        return Took(took * 1e3, (sum(map(nanoseconds, processes)) - spent) / 1e6)

    def backends(self) -> list[int]:
        """The processes of PostgreSQL that work for the server."""
        self.cursor.execute(BACKENDS)
        return [pid for (pid,) in self.cursor.fetchall()]

    def log_in_again(self) -> None:
        """As if everybody had just logged in, as some pages want it."""
        self.cursor.execute(AGAIN, {"digests": list(self.digests)})


def nanoseconds(process: int) -> int:
    """How long the threads of a process have run so far; it is finer than the ticks of `figures.cpu`."""
    return sum(int(path.read_text().split()[0]) for path in Path(f"/proc/{process}/task").glob("*/schedstat"))


def side(stack: ExitStack, shared: Cluster, name: str, many: Multitude) -> Side:
    """A server with a database of its own that has so many of everything."""
    dsn, environment = shared.database(name), {**os.environ, "IAM_SECRET_KEY": SERVER_KEY}
    url, process, _ = stack.enter_context(server("--database", dsn, environment=environment))
    cursor = stack.enter_context(closing(shared.cursor(name)))
    began = time.monotonic()
    many.fill(cursor)
    print(f"{name}: filled in {time.monotonic() - began:.0f} s", flush=True)
    token, cookies = minted.mint(Kind.PERSONAL_TOKEN), []
    told = {"user_id": str(minted.identifier()), "grant_id": str(minted.identifier()), "token": minted.digest(token)}
    cursor.execute(ADMINISTRATOR, {**told, "scope": " ".join(ADMINISTRATIVE), "resources": [url + "/api/v1"]})
    cursor.execute("select now() + interval '1 day'")
    ((tomorrow,),) = cursor.fetchall()
    for username in ("administrator", "user1"):
        cookies.append(minted.mint_until(Kind.SESSION, tomorrow))
        cursor.execute(LOGIN, {"digest": minted.digest(cookies[-1]), "name": username})
    return Side(
        name,
        *(Browser(url, cookie, token) for cookie in cookies),
        cursor,
        [minted.digest(each) for each in cookies],
        process.pid,
    )


def measure(sides: Sequence[Side], asked: Sequence[Asked | None], rounds: int) -> list[list[Took]]:
    """What each side took in each round, the order changing; the first two rounds warm up and do not count."""
    for each in sides:
        each.log_in_again()
    found: list[list[Took]] = [[] for _ in sides]
    for number in range(-2, rounds):
        for place in sorted(range(len(sides)), reverse=bool(number % 2)):
            address = asked[place]
            if address is not None:
                took = sides[place].took(address)
                if number >= 0:
                    found[place].append(took)
    return found


def steady(found: Sequence[Took], what: str) -> float | None:
    """The median of the better half, since what else the machine does only adds; None where nothing was asked."""
    values = sorted(getattr(each, what) for each in found)
    return statistics.median(values[: len(values) // 2 + 1]) if values else None


def row_of(label: str, empty: Sequence[Took], few: Sequence[Took], many: Sequence[Took]) -> list[str]:
    """What is told of one address."""
    times = [steady(each, "time") for each in (few, many)]
    cpus = [steady(each, "cpu") for each in (empty, few, many)]
    ratios = [more / less if less and more else None for less, more in (times, cpus[1:], (cpus[0], cpus[2]))]
    over = all(ratio is not None and ratio > LIMIT for ratio in ratios[:2])
    figures = [*(written(each, 1) for each in (*times, *cpus)), *(written(each, 2) for each in ratios)]
    return [f"`{label}`", *figures, OVER if over else f"≤ {LIMIT}" if ratios[1] else "-"]


def written(figure: float | None, digits: int) -> str:
    """A figure, or a dash where there is none."""
    return "-" if figure is None else f"{figure:.{digits}f}"


def measured(sides: Sequence[Side], only: Sequence[str], rounds: int) -> Iterator[list[str]]:
    """The rows of the table; what the server with many has no page for is left out, and said."""
    asked = [addresses(each.administrator.get) for each in sides]
    for label in asked[-1]:
        if only and not any(text in label for text in only):
            continue
        theirs = [each.get(label) for each in asked]
        answers = [each and side.get(each) for side, each in zip(sides, theirs, strict=True)]
        if answers[-1] != OK:
            print(f"not measured: {label} answers {answers[-1]}", flush=True)
            continue
        usable = [each if answer == OK else None for each, answer in zip(theirs, answers, strict=True)]
        row = row_of(label, *measure(sides, usable, rounds))
        print(" | ".join(row), flush=True)
        yield row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"how often each address is opened ({ROUNDS})")
    parser.add_argument("only", nargs="*", metavar="TEXT", help="only addresses with one of these in them")
    arguments = parser.parse_args()
    with cluster.running(shared_buffers="512MB") as shared, ExitStack() as stack:
        sides = [side(stack, shared, name, many) for name, many in (("empty", NOBODY), ("few", FEW), ("many", FULL))]
        rows = list(measured(sides, arguments.only, arguments.rounds))
    about = (
        f"Lists and pages with {FULL.people:,} people, {FULL.clients:,} applications and {FULL.grants:,} grants (many), with"
        f" {FEW.people}, {FEW.clients} and {FEW.grants:,}, which fill one page of each list (few), and with none: milliseconds"
        f" until the answer is there, and those of a processor that server and PostgreSQL need for it, medians of the better"
        f" half of {arguments.rounds} rounds."
    )
    over = [row[0] for row in rows if row[-1] == OVER]
    print(
        f"{len(rows) - len(over)} of {len(rows)} within {LIMIT} times of what a page of everything takes; over: {', '.join(over) or 'none'}"
    )
    results.keep("administration", about, results.table(HEAD, rows), rows)


if __name__ == "__main__":
    main()
