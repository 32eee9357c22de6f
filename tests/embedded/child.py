"""A server that is nothing but its PostgreSQL: `python child.py DATA_DIR`; it stops on the word `stop`."""

import argparse
import os
import pwd
from pathlib import Path

from twisted.internet import defer, stdio, task
from twisted.protocols.basic import LineReceiver

from iam.embedded.binaries import COPIES
from iam.embedded.errors import EmbeddedError
from iam.embedded.supervisor import Embedded


class Orders(LineReceiver):
    """Waits for the word."""

    delimiter = b"\n"

    def __init__(self) -> None:
        self.given: defer.Deferred[None] = defer.Deferred()

    def lineReceived(self, line: bytes) -> None:
        self.given.callback(None)


def say(line: str) -> None:
    print(line, flush=True)


async def serve(reactor: object, data_dir: Path, copies: Path) -> None:
    embedded = Embedded(reactor, data_dir, progress=say, durable=False, copies=copies)
    try:
        await embedded.start()
    except EmbeddedError as error:
        say(f"refused: {error}")
        return
    say(f"ready: {embedded.postmaster.pid} {embedded.dsn}")
    orders = Orders()
    stdio.StandardIO(orders)
    await orders.given
    await embedded.stop()


def become(name: str) -> None:
    """Go on as another user; what was imported stays, even if that user could not read it."""
    user = pwd.getpwnam(name)
    os.setgroups([])
    os.setgid(user.pw_gid)
    os.setuid(user.pw_uid)


arguments = argparse.ArgumentParser()
arguments.add_argument("data_dir", type=Path)
arguments.add_argument("--user")
arguments.add_argument("--copies", type=Path, default=COPIES)
options = arguments.parse_args()
if options.user:
    become(options.user)
task.react(lambda reactor: defer.Deferred.fromCoroutine(serve(reactor, options.data_dir, options.copies)))
