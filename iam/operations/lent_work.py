"""Work that waits in a table, and that the servers on it lend each other: whoever takes a piece has it for a while, to do it."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import ClassVar, Final, Generic, Protocol, TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.defer import TimeoutError as TimedOut
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from iam.database.errors import Rejected, Unavailable
from iam.reactor import Timer
from iam.recurring import Recurring, Say

INTERVAL: Final = 5.0  # seconds between two looks for pieces that are due again

Piece = TypeVar("Piece")

log = Logger()


class Table(Protocol):
    """Where the pieces wait; `wake` is called when there may be new ones."""

    wake: Callable[[], None]


class LentWork(ABC, Generic[Piece]):
    """Takes pieces that are due and does them side by side; what it does not finish, another server takes later.

    `of` names them in the log, `most` is how many are under way at once, and a stopping server waits `farewell` seconds for those.
    """

    of: ClassVar[str]
    most: ClassVar[int]
    farewell: ClassVar[float]

    def __init__(self, reactor: Timer, table: Table) -> None:
        self._reactor = reactor
        self._table = table
        self._under_way: list[Piece] = []
        self._unread = Recurring(reactor, self._saying("{work} cannot be read: {reason} (times: {count})"))
        self._unkept = Recurring(reactor, self._saying("{work} cannot be put away: {reason} (times: {count})"))
        self._looking = False
        self._again = False
        self._stopped: Deferred[None] | None = None
        self._call = LoopingCall(self.look)
        self._call.clock = reactor

    @abstractmethod
    async def take(self, room: int) -> Sequence[Piece]:
        """Takes at most so many pieces that are due. Raises Rejected or Unavailable."""

    @abstractmethod
    async def attempt(self, piece: Piece) -> None:
        """Does one piece, and stores what became of it. Raises Rejected or Unavailable."""

    def start(self) -> None:
        """Does the pieces that are due, now and every INTERVAL seconds, and new ones as they are written."""
        self._table.wake = self.look
        self._call.start(INTERVAL)

    def stop(self) -> Deferred[None]:
        """Takes no more pieces, and waits `farewell` seconds for those under way."""
        if self._call.running:
            self._call.stop()
        self._unread.stop()
        self._unkept.stop()
        self._stopped = Deferred()
        if not self._under_way:
            self._stopped.callback(None)
        stopped = self._stopped.addTimeout(self.farewell, self._reactor)
        return stopped.addErrback(lambda failure: failure.trap(TimedOut) and None)

    def look(self) -> None:
        """Begins to take due pieces, or has the round that is under way look once more."""
        self._again = True
        if not self._looking and self._stopped is None:
            self._looking = True
            Deferred.fromCoroutine(self._look())

    async def _look(self) -> None:
        """Takes pieces for as long as new ones are announced; logs errors, so that the next look still happens."""
        try:
            while self._again and self._stopped is None:
                self._again = False
                await self._begin()
        except (Rejected, Unavailable) as error:
            self._unread.add(str(error))
        except Exception:  # noqa: BLE001 - whatever fails, the next round must take place
            log.failure("{work} were not looked at", work=self.of)
        finally:
            self._looking = False

    async def _begin(self) -> None:
        """Takes as many pieces as there is room for, and begins to do them."""
        room = self.most - len(self._under_way)
        for piece in await self.take(room) if room > 0 else ():
            self._under_way.append(piece)
            Deferred.fromCoroutine(self._do(piece))

    async def _do(self, piece: Piece) -> None:
        """Does one piece; an error is logged and holds up no other piece."""
        try:
            await self.attempt(piece)
        except (Rejected, Unavailable) as error:
            self._unkept.add(str(error))
        except Exception:  # noqa: BLE001 - the piece is only lent, so another attempt follows
            log.failure("one of the {work} was not finished", work=self.of)
        finally:
            self._finish(piece)

    def _finish(self, piece: Piece) -> None:
        """Takes more pieces after the end of one, or reports that the last one is done."""
        self._under_way.remove(piece)
        if self._stopped is None:
            self.look()
        elif not self._under_way and not self._stopped.called:
            self._stopped.callback(None)

    def _saying(self, sentence: str) -> Say:
        """Returns a function that logs this sentence with a reason and a count."""
        return lambda reason, count: log.warn(sentence, work=self.of, reason=reason, count=count)
