"""The room on the disk of the data directory, and where the database is."""

import os
from typing import Final

from attrs import frozen
from twisted.internet.threads import deferToThreadPool

from iam.administration.administration import Administration
from iam.database.addresses import target
from iam.settings import Settings

SHARE: Final = 10  # of a small disk, that is to stay free


@frozen
class Room:
    """The bytes of a disk, and those that are free."""

    free: int
    size: int

    def low(self, reserve: int) -> bool:
        """Whether little is left above the bytes in reserve."""
        return self.free < min(2 * reserve, self.size // SHARE)


async def measure(on: Administration) -> Room | None:
    """Returns the room for the data directory; None if there is none. A network file system may block: so in a thread."""
    reactor = on.store.database.reactor
    try:
        state = await deferToThreadPool(reactor, reactor.getThreadPool(), os.statvfs, on.settings.data_dir)
    except OSError:
        return None
    return Room(state.f_bavail * state.f_frsize, state.f_blocks * state.f_frsize)


def hosts(settings: Settings) -> list[str]:
    """Returns the hosts of the database, in the order in which they are tried; none for the embedded one."""
    if settings.database is None:
        return []
    return [":".join(filter(None, (host.name or host.address, host.port))) for host in target(settings.database).hosts]
