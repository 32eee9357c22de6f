"""Memory under a load of everything, right and wrong: it does not grow, although garbage is rarely collected."""

import http.client
import itertools
import json
import threading
import time
from base64 import b64encode
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import psycopg2
import pytest

from bench import stock
from tests.faults.test_server_under_load import NEVER, resident
from tests.processes import Process, created, start

WORKERS = 8
LASTS = {False: 120.0, True: 3600.0}  # seconds, cut short or not
WARM = 0.25  # of that, until memory is as large as so many requests at once need it
GROWTH = 1.05
KEPT = 12  # requests over one connection, besides a code and a refresh
CODES = 200  # made at once
SUCCESS = 200
REDIRECT_URI = stock.REDIRECT_URI
PERMITTED = [
    *("--redirect-uri", REDIRECT_URI, "--scope", "read write", "--grant-type", "client_credentials"),
    *("--grant-type", "authorization_code", "--grant-type", "refresh_token"),
]
FORM = "application/x-www-form-urlencoded"


class Asked(NamedTuple):
    """A request."""

    method: str
    path: str
    body: str | None = None
    authorization: str = ""


def basic(client_id: str, secret: str) -> str:
    return "Basic " + b64encode(f"{client_id}:{secret}".encode()).decode()


def everything(client: Any, token: str) -> list[Asked]:
    """Requests that succeed, and as many that are refused, some of which leave cycles for the collector."""
    grant = "grant_type=client_credentials"
    right, wrong = basic(client["client_id"], client["client_secret"]), basic(client["client_id"], "a wrong secret")
    return [
        Asked("POST", "/token", grant, right),
        Asked("POST", "/introspect", "token=" + token, right),
        Asked("GET", "/resource", None, "Bearer " + token),
        Asked("GET", "/login"),
        Asked("GET", "/.well-known/openid-configuration"),
        Asked("GET", "/readyz"),
        Asked("POST", "/token", grant, wrong),
        Asked("POST", "/token", "grant_type=nonsense", right),
        Asked("POST", "/token", "grant_type=refresh_token&refresh_token=nonsense", right),
        Asked("GET", "/resource", None, "Bearer nonsense"),
        Asked("GET", "/nothing/of/the/kind"),
        Asked("GET", "/authorize?client_id=nobody"),
    ]


class Stock:
    """Authorization codes of one client and person, made as they are needed."""

    def __init__(self, data_dir: str, client: Any) -> None:
        self.client = client
        self.authorization = basic(client["client_id"], client["client_secret"])
        self.cursor = psycopg2.connect(stock.dsn_of(data_dir)).cursor()
        self.cursor.connection.autocommit = True
        self.person = stock.person(self.cursor)
        self.codes: list[str] = []
        self.lock = threading.Lock()

    def code(self) -> str:
        with self.lock:
            if not self.codes:
                self.codes = stock.codes(self.cursor, self.client["client_id"], self.person, CODES)
            return self.codes.pop()

    def redemption(self) -> Asked:
        redeemed = f"grant_type=authorization_code&redirect_uri={REDIRECT_URI}&code={self.code()}"
        return Asked("POST", "/token", redeemed, self.authorization)

    def refresh(self, token: str) -> Asked:
        return Asked("POST", "/token", "grant_type=refresh_token&refresh_token=" + token, self.authorization)


class Load:
    """Workers that ask for everything in turn until they are told to end, and what they were answered.

    A worker also redeems a code in each turn, and refreshes the token that it gets.
    """

    def __init__(self, process: Process, asked: Sequence[Asked], codes: Stock) -> None:
        self.address = urlsplit(process.url)
        self.asked = asked
        self.codes = codes
        self.refreshed = 0
        self.statuses: Counter[int] = Counter()
        self.ended = threading.Event()
        self.threads = [threading.Thread(target=self.work) for _ in range(WORKERS)]

    def __enter__(self) -> "Load":
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        for thread in self.threads:
            thread.join()

    def work(self) -> None:
        requests = itertools.cycle(self.asked)
        while not self.ended.is_set():
            connection = http.client.HTTPConnection(str(self.address.hostname), self.address.port, timeout=NEVER)
            for request in itertools.islice(requests, KEPT):
                self.statuses[answer(connection, request)[0]] += 1
            self.redeem(connection)
            connection.close()

    def redeem(self, connection: http.client.HTTPConnection) -> None:
        status, body = answer(connection, self.codes.redemption())
        self.statuses[status] += 1
        status, body = answer(connection, self.codes.refresh(json.loads(body)["refresh_token"]))
        self.statuses[status] += 1
        self.refreshed += status == SUCCESS


def answer(connection: http.client.HTTPConnection, asked: Asked) -> tuple[int, bytes]:
    """Status and body."""
    headers = {"Content-Type": FORM} if asked.body else {}
    if asked.authorization:
        headers["Authorization"] = asked.authorization
    connection.request(asked.method, asked.path, asked.body, headers)
    response = connection.getresponse()
    return response.status, response.read()


def test_memory_does_not_grow_under_a_load_of_everything(data_dir: str, pytestconfig: pytest.Config) -> None:
    lasts = LASTS[pytestconfig.getoption("--long")]
    process = start("--data-dir", data_dir)
    client = created("--data-dir", data_dir, *PERMITTED)
    first = basic(client["client_id"], client["client_secret"])
    with closing(http.client.HTTPConnection("localhost", urlsplit(process.url).port, timeout=NEVER)) as connection:
        _, body = answer(connection, Asked("POST", "/token", "grant_type=client_credentials", first))

    with Load(process, everything(client, token_in(body)), Stock(data_dir, client)) as load:
        time.sleep(lasts * WARM)
        warm = resident(process)
        time.sleep(lasts * (1 - WARM))
        in_the_end = resident(process)
    status = process.stop()

    assert in_the_end < warm * GROWTH
    assert {200, 303, 400, 401, 404} >= set(load.statuses) >= {200, 400, 401, 404}
    assert sum(load.statuses.values()) > 1000
    assert load.refreshed > 50
    assert status == 0


def token_in(body: bytes) -> str:
    return str(json.loads(body)["access_token"])
