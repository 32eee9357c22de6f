"""The server with a database of its own, and what kills either."""

import os
import signal
import time
from typing import Any

import requests
from twisted.internet.threads import deferToThread

from tests.processes import Process, created, first_of, postmasters, start

TIMEOUT = 30


def test_a_server_killed_leaves_nothing_that_stops_the_next(data_dir: str) -> None:
    first = start("--data-dir", data_dir)
    first.server.send_signal(signal.SIGKILL)
    first.server.wait(TIMEOUT)

    second = start("--data-dir", data_dir)
    ready = requests.get(second.url + "/readyz", timeout=TIMEOUT).status_code
    status = second.stop()

    assert (ready, status) == (200, 0)
    assert postmasters(data_dir) == []


def ready_again(process: Process, patience: float) -> tuple[list[int], float]:
    """The statuses of /readyz until it is 200 again, and the longest time one took."""
    statuses, longest, end = [], 0.0, time.monotonic() + patience
    while time.monotonic() < end:
        begun = time.monotonic()
        statuses.append(requests.get(process.url + "/readyz", timeout=TIMEOUT).status_code)
        longest = max(longest, time.monotonic() - begun)
        if statuses[-1] == 200 and 503 in statuses:
            break
        time.sleep(0.02)
    return statuses, longest


def test_a_killed_database_is_503_until_we_have_started_it_again(data_dir: str) -> None:
    process = start("--data-dir", data_dir)
    os.kill(first_of(data_dir), signal.SIGKILL)

    statuses, longest = ready_again(process, 20)
    status = process.stop()

    assert statuses[-1] == 200
    assert set(statuses) <= {200, 503}
    assert longest < TIMEOUT
    assert status == 0
    assert postmasters(data_dir) == []


def test_h42_a_stopped_database_stops_neither_the_reactor_nor_sigterm(data_dir: str) -> None:
    process = start("--data-dir", data_dir)
    stopped = postmasters(data_dir)
    for number in stopped:
        os.kill(number, signal.SIGSTOP)

    alive = requests.get(process.url + "/healthz", timeout=TIMEOUT).status_code
    ready = requests.get(process.url + "/readyz", timeout=TIMEOUT).status_code
    status = process.stop()

    assert (alive, ready, status) == (200, 503, 0)
    assert postmasters(data_dir) == []


async def test_what_was_given_out_is_good_after_a_restart(data_dir: str) -> None:
    def journey() -> Any:
        first = start("--data-dir", data_dir)
        client = created("--data-dir", data_dir)
        auth = (client["client_id"], client["client_secret"])
        form = {"grant_type": "client_credentials"}
        token = requests.post(first.url + "/token", form, auth=auth, timeout=TIMEOUT).json()["access_token"]
        first.stop()
        second = start("--data-dir", data_dir)
        header = {"Authorization": f"Bearer {token}"}
        status = requests.get(second.url + "/resource", headers=header, timeout=TIMEOUT).status_code
        return status, second.stop()

    assert await deferToThread(journey) == (200, 0)
