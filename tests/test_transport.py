"""What is written is sent at once, in order and whole; what the other side does not take waits for it."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from socket import AF_UNIX, SHUT_WR, SO_LINGER, SOL_SOCKET, create_connection, socket
from struct import pack
from threading import Thread
from typing import Any

import pytest
from attrs import define, field
from pytest_twisted import blockon
from twisted.internet import reactor
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.python.failure import Failure

from iam.server.listen import listen
from iam.settings import Settings
from tests.waiting import until

RESET = pack("ii", 1, 0)  # SO_LINGER: on, for no time


@define(eq=False)
class Accepting(Factory):
    """Takes connections, and what comes on them; both sides are in this process."""

    connections: list[Any] = field(factory=list)

    def buildProtocol(self, _: object) -> Protocol:
        self.connections.append(Conversation())
        return self.connections[-1]


class Conversation(Protocol):
    lost = False

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.lost = True


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


async def connected(description: str, stack: ExitStack) -> tuple[Any, socket]:
    """Both ends of a connection."""
    accepting = Accepting()
    (port,) = await listen(reactor, Settings(listen=[description]), accepting)
    stack.callback(lambda: blockon(port.stopListening()))
    host = port.getHost()
    if hasattr(host, "port"):
        client = create_connection(("127.0.0.1", host.port), 30)
    else:
        client = socket(AF_UNIX)
        client.connect(host.name)
    client.settimeout(30)
    stack.enter_context(client)
    await until(lambda: bool(accepting.connections) and accepting.connections[0].connected)
    return accepting.connections[0], client


@pytest.mark.parametrize("description", ["tcp:0:interface=127.0.0.1", "unix:{}/socket"])
async def test_what_is_written_is_there_before_the_reactor_has_a_turn(
    description: str, tmp_path: Path, stack: ExitStack
) -> None:
    server, client = await connected(description.format(tmp_path), stack)

    server.transport.write(b"one")
    server.transport.write(b"two")

    assert client.makefile("rb").read(6) == b"onetwo"


async def test_a_connection_knows_both_addresses_also_when_it_is_lost(stack: ExitStack) -> None:
    server, client = await connected("tcp:0:interface=127.0.0.1", stack)

    addresses = server.transport.getHost(), server.transport.getPeer()
    assert [(one.host, one.port) for one in addresses] == [client.getpeername(), client.getsockname()]
    client.close()
    await until(lambda: server.lost)
    assert (server.transport.getHost(), server.transport.getPeer()) == addresses


async def test_what_the_other_side_does_not_take_comes_whole_and_in_order(stack: ExitStack) -> None:
    server, client = await connected("tcp:0:interface=127.0.0.1", stack)
    pieces = [bytes([number]) * 50_000 for number in range(250)]

    for piece in pieces:
        server.transport.write(piece)
    server.transport.write(bytes(10_000_000))
    server.transport.write(b"the end")
    server.transport.loseConnection()

    received: list[bytes] = []
    reading = Thread(target=lambda: received.extend(iter(lambda: client.recv(1_000_000), b"")))
    reading.start()
    await until(lambda: not reading.is_alive())
    assert b"".join(received) == b"".join(pieces) + bytes(10_000_000) + b"the end"
    assert server.lost


async def test_a_connection_that_is_lost_while_it_is_written_to_ends_once(stack: ExitStack) -> None:
    server, client = await connected("tcp:0:interface=127.0.0.1", stack)
    client.setsockopt(SOL_SOCKET, SO_LINGER, RESET)
    client.close()

    server.transport.write(b"one")
    server.transport.write(b"two")

    await until(lambda: server.lost)
    server.transport.write(b"three")


async def test_nothing_follows_what_was_the_end(stack: ExitStack) -> None:
    server, client = await connected("tcp:0:interface=127.0.0.1", stack)

    server.transport.write(b"the end")
    server.transport.loseWriteConnection()
    await until(lambda: bool(server.transport._writeDisconnected))
    server.transport.write(b"more")

    assert client.recv(100) + client.recv(100) == b"the end"
    client.shutdown(SHUT_WR)
    await until(lambda: server.lost)
