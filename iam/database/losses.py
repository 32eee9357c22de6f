"""Lost connections in the log: a line when the first goes, one when all are there again, however often it happens."""

from typing import Any, Final

from twisted.logger import Logger

from iam.reactor import Timer

WINDOW: Final = 10  # seconds in which what happens again is counted, not told

log = Logger()


class Losses:
    """Says when connections are lost and when they are back; what happens again within ten seconds is one line with a count."""

    def __init__(self, reactor: Timer) -> None:
        self.reactor = reactor
        self.since: float | None = None  # when the first connection went that is missing
        self.told = False
        self.again = 0
        self.reason = ""
        self.alarm: Any = None

    @property
    def away(self) -> bool:
        """Are connections missing?"""
        return self.since is not None

    def lost(self, reason: Exception, absent: int) -> None:
        """A connection is lost, or cannot be opened."""
        if self.since is not None:
            return
        self.since = self.reactor.seconds()
        self.told = self.alarm is None
        if self.told:
            log.warn("database.lost: {reason}", reason=str(reason), connections=absent)
            self.alarm = self.reactor.callLater(WINDOW, self.look)
        else:
            self.again += 1
            self.reason = str(reason)

    def back(self) -> None:
        """All connections are there."""
        if self.since is not None and self.told:
            log.info("database.back after {seconds} s", seconds=round(self.reactor.seconds() - self.since, 1))
        self.since = None

    def look(self) -> None:
        """The end of ten seconds: what has happened again in them."""
        self.alarm = None
        if self.again:
            log.warn(
                "database.lost again: {count} times in {window} s, the last: {reason}",
                count=self.again,
                window=WINDOW,
                reason=self.reason,
            )
            self.again = 0
            self.told = True
            self.alarm = self.reactor.callLater(WINDOW, self.look)

    def stop(self) -> None:
        """Look no more."""
        if self.alarm is not None:
            self.alarm.cancel()
            self.alarm = None
