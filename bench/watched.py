"""`twist` with a watch on its reactor: `python watched.py FILE iam ...`.

A call is due each millisecond. How late it comes is how long the reactor did not come round; how much of that this thread
waited for a processor, as the kernel counts it, is the machine's part, and the rest is ours. SIGUSR1 begins anew, and what
was seen since is in FILE once the server has stopped.
"""

import gc
import json
import os
import signal
import sys
import time
from array import array
from heapq import heappush, heappushpop
from pathlib import Path
from typing import Any

from twisted.application.twist._twist import Twist
from twisted.internet import reactor

STEP = 0.001  # seconds
MOST = 20  # of the longest that are kept one by one


class Watch:
    """Times in microseconds."""

    def __init__(self) -> None:
        self._schedule = os.open(f"/proc/self/task/{os.getpid()}/schedstat", os.O_RDONLY)
        gc.callbacks.append(self._collected)
        self.begin()
        self._look_later()

    def begin(self, *_: Any) -> None:
        self._late, self._ours = array("I"), array("I")
        self._longest: list[tuple[int, int, int]] = []
        self._collections: dict[int, list[int]] = {}

    def _look_later(self) -> None:
        self._due = time.monotonic_ns() + int(STEP * 1e9)
        self._waited, self._used = self._waited_so_far(), time.thread_time_ns()
        reactor.callLater(STEP, self._look)

    def _look(self) -> None:
        late = max(0, time.monotonic_ns() - self._due) // 1000
        waited = (self._waited_so_far() - self._waited) // 1000
        used = (time.thread_time_ns() - self._used) // 1000
        ours = max(0, late - waited)
        self._late.append(late)
        self._ours.append(ours)
        each = (ours, late, used)
        (heappush if len(self._longest) < MOST else heappushpop)(self._longest, each)
        self._look_later()

    def _waited_so_far(self) -> int:
        """Nanoseconds that this thread could have run, and did not."""
        return int(os.pread(self._schedule, 100, 0).split()[1])

    def _collected(self, phase: str, about: dict[str, int]) -> None:
        if phase == "start":
            self._began = time.thread_time_ns()
        else:
            took = (time.thread_time_ns() - self._began) // 1000
            self._collections.setdefault(about["generation"], []).append(took)

    def told(self) -> dict[str, Any]:
        return {
            "late": list(self._late),
            "ours": list(self._ours),
            "longest": sorted(self._longest, reverse=True),
            "collections": self._collections,
        }


def main() -> None:
    file = Path(sys.argv.pop(1))

    def begin() -> None:
        watch = Watch()
        signal.signal(signal.SIGUSR1, watch.begin)
        reactor.addSystemEventTrigger("before", "shutdown", lambda: file.write_text(json.dumps(watch.told())))

    reactor.callWhenRunning(begin)
    Twist.main([sys.argv[0], *sys.argv[1:]])


if __name__ == "__main__":
    main()
