"""Refusals by throttles, counted by minute and network: a log line for each would be a flood of its own."""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Final

from twisted.logger import Logger

from iam.reactor import Timer

MINUTE: Final = 60.0
MOST: Final = 20  # networks with a line of their own
KNOWN: Final = 1000  # counts that are held at a time
OTHERS: Final = ""  # all other networks together

Told = Callable[[Mapping[tuple[str, str], int]], None]

log = Logger()


def in_log(counts: Mapping[tuple[str, str], int]) -> None:
    """Logs one line for each of the MOST networks with the highest counts, and one for all others."""
    ranked = sorted(counts.items(), key=lambda each: -each[1])
    for (kind, network), count in ranked[:MOST]:
        where = network or "many other networks"
        log.warn("throttled: {count} of {kind} from {network} in a minute", count=count, kind=kind, network=where)
    if rest := ranked[MOST:]:
        log.warn(
            "throttled: {count} from {networks} other networks in a minute",
            count=sum(count for _, count in rest),
            networks=len(rest),
        )


class Tally:
    """Counts refusals for a minute from the first one on, then calls `told` with the counts by kind and network."""

    def __init__(self, reactor: Timer, told: Told = in_log) -> None:
        self._reactor = reactor
        self._told = told
        self._counts: Counter[tuple[str, str]] = Counter()

    def add(self, kind: str, network: str) -> None:
        """Counts one more refusal."""
        if not self._counts:
            self._reactor.callLater(MINUTE, self.flush)
        key = kind, network
        self._counts[key if key in self._counts or len(self._counts) < KNOWN else (kind, OTHERS)] += 1

    def flush(self) -> None:
        """Reports the counts so far, and begins again."""
        counts, self._counts = self._counts, Counter()
        if counts:
            self._told(counts)
