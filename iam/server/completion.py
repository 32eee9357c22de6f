"""What a start leaves for the time when the server is ready: done in pieces, between which it answers requests.

A request that needs a piece sooner does it by itself. Pieces are work for the processor, so they are done in the reactor's thread: in
another they would hold up requests as much, since one thread at a time runs Python.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial

from twisted.internet.defer import CancelledError
from twisted.internet.task import deferLater
from twisted.logger import Logger

from iam.reactor import Timer
from iam.server import collection
from iam.server.application import Application

Piece = Callable[[], object]

log = Logger()


def pieces(application: Application) -> Iterator[Piece]:
    """Yield what is left to do, each piece a few milliseconds of work: the templates of pages."""
    theme = application.theme
    yield from (partial(theme.compile, name) for name in theme.names)


async def complete(timer: Timer, pieces: Iterator[Piece]) -> None:
    """Do all pieces, with a turn of the reactor before each, and then look for garbage as a server does; ends when cancelled."""
    with suppress(CancelledError):
        for piece in pieces:
            await deferLater(timer, 0)
            attempt(piece)
        await deferLater(timer, 0)
        collection.settle()


def attempt(piece: Piece) -> None:
    """Do a piece; a failure is logged, and left to the request that needs the piece."""
    try:
        piece()
    except Exception:  # noqa: BLE001 - whatever it is, the other pieces are needed too
        log.failure("A piece of the start failed.")
