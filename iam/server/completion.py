"""What a start leaves for the time when the server is ready: done in pieces, between which it answers requests.

A request that needs a piece sooner does it by itself. Pieces are work for the processor, so they are done in the reactor's thread: in
another they would hold up requests as much, since one thread at a time runs Python.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from importlib import import_module
from typing import Final

from twisted.internet.defer import CancelledError
from twisted.internet.task import deferLater
from twisted.logger import Logger

from iam.browser.theme import Theme
from iam.http.site import Site
from iam.reactor import Timer
from iam.server import collection

# In the order in which they import each other, so that each is some ten milliseconds of work.
LIBRARIES: Final = (
    *("twisted.web.client", "hyperlink", "treq", "werkzeug", "werkzeug.routing"),
    *("twisted.spread.pb", "twisted.web.util", "twisted.web.server", "klein", "jinja2"),
)

Piece = Callable[[], object]

log = Logger()


def pieces(site: Site, theme: Theme) -> Iterator[Piece]:
    """Yields what is left to do: libraries that no start needs, the map of paths with variables, and the templates of pages."""
    yield from (partial(import_module, name) for name in LIBRARIES)
    yield site.map_paths
    yield from (partial(theme.compile, name) for name in theme.names)


async def complete(timer: Timer, pieces: Iterator[Piece]) -> None:
    """Does all pieces, with a turn of the reactor before each, and sets aside what each makes; ends when cancelled."""
    with suppress(CancelledError):
        await deferLater(timer, 0)
        collection.settle()
        for piece in pieces:
            await deferLater(timer, 0)
            attempt(piece)
            collection.settle()


def attempt(piece: Piece) -> None:
    """Does a piece; a failure is logged, and left to the request that needs the piece."""
    try:
        piece()
    except Exception:  # noqa: BLE001 - whatever it is, the other pieces are needed too
        log.failure("A piece of the start failed.")
