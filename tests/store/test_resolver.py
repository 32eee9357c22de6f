"""Names of hosts become addresses, and a dead resolver harms nobody."""

import subprocess
import sys
from threading import Event

import pytest
from twisted.internet import reactor
from twisted.internet.defer import ensureDeferred, gatherResults

from iam.database.addresses import Host
from iam.database.errors import Unavailable
from iam.database.resolver import Resolver


async def test_names_are_looked_up_and_numbers_are_not() -> None:
    resolver = Resolver(reactor)

    assert await resolver.addresses(Host("/run/postgresql", "", "")) == [""]
    assert await resolver.addresses(Host("db.example", "192.0.2.7", "")) == ["192.0.2.7"]
    assert await resolver.addresses(Host("192.0.2.7", "", "")) == ["192.0.2.7"]
    assert "127.0.0.1" in await resolver.addresses(Host("localhost", "", ""))


async def test_an_unknown_name_is_reported_in_words() -> None:
    with pytest.raises(Unavailable, match="its name is not known"):
        await Resolver(reactor).addresses(Host("nowhere.invalid", "", ""))


async def test_a_dead_resolver_holds_one_thread_and_the_last_known_addresses_serve() -> None:
    revived = Event()
    asked = []

    def look(name: str) -> list[str]:
        asked.append(name)
        if len(asked) == 2:
            revived.wait(10)
        return [f"192.0.2.{len(asked)}"]

    resolver = Resolver(reactor, look, patience=0.1)
    host = Host("db.example", "", "")
    first = await resolver.addresses(host)

    stuck = await gatherResults([ensureDeferred(resolver.addresses(host)) for _ in range(50)])
    assert stuck == [first] * 50
    assert len(asked) == 2
    revived.set()
    while resolver.waiters:
        await resolver.addresses(host)

    assert await resolver.addresses(host) == ["192.0.2.3"]


async def test_a_resolver_that_never_answered_is_reported_in_words() -> None:
    revived = Event()
    resolver = Resolver(reactor, lambda _: [str(revived.wait(10))], patience=0.05)

    with pytest.raises(Unavailable, match="the resolver does not answer"):
        await resolver.addresses(Host("db.example", "", ""))

    revived.set()


def test_a_dead_resolver_keeps_no_process_from_ending() -> None:
    program = """
from time import sleep
from twisted.internet import reactor
from twisted.internet.defer import ensureDeferred
from iam.database.addresses import Host
from iam.database.resolver import Resolver
resolver = Resolver(reactor, lambda _: [str(sleep(600))], patience=0.05)
ensureDeferred(resolver.addresses(Host("db.example", "", ""))).addErrback(lambda _: reactor.stop())
reactor.run()
"""

    assert subprocess.run([sys.executable, "-c", program], timeout=60, check=False).returncode == 0
