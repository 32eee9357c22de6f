"""Garbage collection, kept out of the way of the start and of requests.

Reference counts free what a request makes, since requests leave no cycles, nor do those that come in floods and are refused
(tests/flows/test_cycles.py). Python looks for cycles nevertheless, and looks through everything that the start made, 110,000
objects, which stops the server for 50 milliseconds. So what the start made is looked through once, and then set aside for good;
and what came later only when there is more of it than the requests under way can hold.
"""

import gc
from typing import Final

# Objects: more than a start makes. A start that waits for its database for long is looked through nevertheless.
STARTING: Final = 200_000

# Objects, and rounds before older ones are looked at: 2 and 8 milliseconds of work at most.
SERVING: Final = (5_000, 1, 10)


def postpone() -> None:
    """Looks for no cycles while the start makes objects that stay."""
    gc.set_threshold(STARTING)


def settle() -> None:
    """Frees the cycles of the start, sets aside what is left of it, and looks for those of requests from here on."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*SERVING)
