"""How long the reactor stood still, told so that a machine which stands still itself does not count."""

import threading
from typing import Final

from attrs import define, field
from twisted.internet.task import LoopingCall

TICK: Final = 0.01  # seconds
STILL: Final = 0.5  # seconds; who waits for the database in the reactor waits for seconds


@define
class Standstill:
    """The longest time that the reactor did not come round, in seconds of a thread beside it.

    A thread of the same process counts ticks. Whoever blocks the reactor, in a system call or by computing, does not
    stop that thread; a machine that is too busy to run us stops both.
    """

    ticks: int = 0
    seen: int = 0
    most: int = 0
    ended: threading.Event = field(factory=threading.Event)
    watch: LoopingCall | None = None
    thread: threading.Thread | None = None

    def __enter__(self) -> "Standstill":
        self.watch = LoopingCall(self.look)
        self.watch.start(TICK / 2)
        self.thread = threading.Thread(target=self.tick)
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        assert self.watch is not None
        assert self.thread is not None
        self.watch.stop()
        self.ended.set()
        self.thread.join()

    def tick(self) -> None:
        while not self.ended.wait(TICK):
            self.ticks += 1

    def look(self) -> None:
        now = self.ticks
        self.most = max(self.most, now - self.seen)
        self.seen = now

    def __call__(self) -> float:
        return self.most * TICK
