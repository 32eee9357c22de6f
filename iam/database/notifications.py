"""LISTEN: notifications from other processes, and a callback when some may have been missed."""

import re
import secrets
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Final

from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from iam.database.connection import Connection
from iam.database.errors import Rejected, Unavailable
from iam.database.places import LOOK, Places
from iam.database.pool import Pool
from iam.reactor import Timer

BEAT: Final = 2.0  # seconds between two notifications of our own, which show that the listening connection hears
OWN: Final = "iam_beat"
NOTIFY: Final = "select pg_notify(%s, %s)"
NEVER: Final = float("-inf")
CHANNEL: Final = re.compile(r"[a-z_]+")

log = Logger()


class Listener:
    """One connection that listens, and is replaced when it is lost (H46)."""

    def __init__(
        self,
        reactor: Timer,
        connect: Callable[..., Awaitable[Connection]],
        changed: Callable[[Exception | None], None],
        places: Places,
    ) -> None:
        self.places = places
        self.connect = connect
        self.report = changed
        self.channels: dict[str, list[tuple[Callable[[str], None], Callable[[], None]]]] = {}
        self.deaf = True
        self.heard = NEVER  # all that was committed before this moment has been reported, if it was notified
        self.asked = ("", NEVER)  # the last notification of our own, and when it was sent
        self.pool = Pool(reactor, 1, 1, self.open, self.changed)
        self.pulse = LoopingCall(self.beat)
        self.pulse.clock = reactor

    def listen(self, channel: str, heard: Callable[[str], None], lost: Callable[[], None]) -> None:
        """Calls `heard` with each notification, and `lost` whenever some may have been missed.

        Raises ValueError unless the name of the channel is of small letters and underscores.
        """
        if not CHANNEL.fullmatch(channel):
            raise ValueError("a channel has a name of small letters")
        self.channels.setdefault(channel, []).append((heard, lost))

    async def start(self) -> None:
        """Opens the connection and checks it regularly. Raises Unavailable."""
        await self.pool.start()
        self.pulse.start(BEAT, now=False)

    async def stop(self, patience: float) -> None:
        """Closes the connection; a statement under way has `patience` seconds to finish."""
        if self.pulse.running:
            self.pulse.stop()
        await self.pool.stop(patience)

    async def open(self) -> Connection:
        """A new connection that listens to all channels."""
        # What we notify ourselves is lost with us: it need not be on disk, nor on a standby that does not answer.
        channels = [*self.channels, OWN]
        connection = await self.connect("set synchronous_commit = off", *("listen " + each for each in channels))
        connection.heard = self.hear
        return connection

    def hear(self, channel: str, payload: str) -> None:
        """Pass on a notification. PostgreSQL delivers them in the order of commits, so our own one comes after all before it."""
        if channel == OWN:
            if payload == self.asked[0]:
                self.heard = self.asked[1]
            return
        for heard, _ in self.channels.get(channel, []):
            with log.failuresHandled("a notification on {channel} went wrong", channel=channel):
                heard(payload)

    def changed(self, reason: Exception | None) -> None:
        """Called when the connection is lost or back; in both cases notifications may have been missed."""
        deaf = self.pool.absent > 0
        if deaf != self.deaf:
            self.deaf = deaf
            self.heard, self.asked = NEVER, ("", NEVER)
            self.forget()
        self.report(reason)

    def forget(self) -> None:
        """Tells all listeners that notifications may have been missed."""
        for channel, listeners in self.channels.items():
            for _, lost in listeners:
                with log.failuresHandled("the loss of {channel} went wrong", channel=channel):
                    lost()

    def beat(self) -> Deferred[Any]:
        """Notify ourselves: a silent server's connection runs into its deadline, and is replaced."""
        return Deferred.fromCoroutine(self.probe())

    async def probe(self) -> None:
        """Send a notification that comes back; where connections hang, ask before which of them still have a backend."""
        overdue = self.places.overdue(self.pool.place)
        with suppress(Rejected, Unavailable):
            if overdue:
                self.places.settle(overdue, await self.pool.run(LOOK, self.places.question(overdue)))
            self.asked = (secrets.token_hex(8), self.pool.reactor.seconds())
            await self.pool.run(NOTIFY, (OWN, self.asked[0]))
            if not overdue:
                self.places.settle([], [])
