"""Log lines that one cause would repeat without end, as an outage does with each request."""

from collections.abc import Callable
from typing import Any, Final

from attrs import define

from iam.reactor import Timer

WINDOW: Final = 10.0  # seconds
REASONS: Final = 20  # that are counted separately at a time
OTHERS: Final = "other reasons"

Say = Callable[[str, int], None]
Over = Callable[[int, float], None]


def silent(_total: int, _seconds: float) -> None:
    """Says nothing at the end of an outage."""


@define
class Spell:
    """The time (seconds) and total of an outage so far, for all reasons together."""

    first: float
    last: float
    total: int = 0


class Recurring:
    """Reports the first event of each reason at once, and every WINDOW seconds how many more there were.

    `say` is called with reason and count. After WINDOW seconds without an event, `over` is called with total and seconds.
    """

    def __init__(self, reactor: Timer, say: Say, over: Over = silent) -> None:
        self._reactor = reactor
        self._say = say
        self._over = over
        self._counts: dict[str, int] = {}
        self._alarms: dict[str, Any] = {}
        self._spell: Spell | None = None

    def add(self, reason: str) -> None:
        """Counts one more event of this reason."""
        now = self._reactor.seconds()
        spell = self._spell = self._spell or Spell(now, now)
        spell.last = now
        spell.total += 1
        if reason not in self._counts and len(self._counts) >= REASONS:
            reason = OTHERS
        if reason in self._counts:
            self._counts[reason] += 1
            return
        self._expect(reason)
        self._say(reason, 1)

    def stop(self) -> None:
        """Reports the counts that are left, and cancels all timers."""
        for alarm in self._alarms.values():
            alarm.cancel()
        counts, self._counts, self._alarms, self._spell = self._counts, {}, {}, None
        for reason, count in counts.items():
            if count:
                self._say(reason, count)

    def _expect(self, reason: str) -> None:
        self._counts[reason] = 0
        self._alarms[reason] = self._reactor.callLater(WINDOW, self._tell, reason)

    def _tell(self, reason: str) -> None:
        """Reports the events of a reason in the last WINDOW seconds or, if no reason had any, the end of the outage."""
        count = self._counts.pop(reason)
        del self._alarms[reason]
        if count:
            self._expect(reason)
            self._say(reason, count)
        elif not self._counts and self._spell is not None:
            spell, self._spell = self._spell, None
            self._over(spell.total, spell.last - spell.first)
