"""Logs lost connections: a line when the first is lost, one when all are back, and a count of repetitions."""

from typing import Any, Final

from twisted.logger import Logger

from iam.reactor import Timer

WINDOW: Final = 10  # seconds in which repetitions are counted instead of logged

log = Logger()


class Losses:
    """Logs when connections are lost and back; repetitions within ten seconds give one line with a count."""

    def __init__(self, reactor: Timer) -> None:
        self.reactor = reactor
        self.since: float | None = None  # when the first of the missing connections was lost
        self.told = False
        self.again = 0
        self.reason = ""
        self.alarm: Any = None

    @property
    def away(self) -> bool:
        """Whether connections are missing."""
        return self.since is not None

    def lost(self, reason: Exception, absent: int) -> None:
        """Notes that a connection is lost or cannot be opened; `absent` is how many are missing."""
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
        """Notes that all connections are open again."""
        if self.since is not None and self.told:
            log.info("database.back after {seconds} s", seconds=round(self.reactor.seconds() - self.since, 1))
        self.since = None

    def look(self) -> None:
        """Logs, at the end of the ten seconds, how often connections were lost again."""
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
        """Cancels the timer."""
        if self.alarm is not None:
            self.alarm.cancel()
            self.alarm = None
