"""How many connections one address of the database has from us, those included that nobody waits for any longer (H44, H45).

A closed socket ends no backend that waits: for a standby's word, for a disk, for being run again. It goes on, holds one of
PostgreSQL's places, and a new connection would hold another. So a connection whose time is over stays open until PostgreSQL
answers after all, and counts; or until a look from another one says that nothing is under way on it.
"""

from typing import Any, Final

from iam.store.connection import Address, Connection, Rows
from iam.store.errors import Unavailable

SILENCE: Final = (
    60.0  # seconds without an answer, after which the oldest make room; PostgreSQL gives those who log in as many
)
LOOK: Final = "select pid from pg_stat_activity where pid = any(%s) and coalesce(state, '') <> 'idle'"


class Places:
    """The connections that are open, at most `most` of them to one address."""

    def __init__(self, reactor: Any, most: int) -> None:
        self.reactor = reactor
        self.most = most
        self.connections: set[Connection] = set()
        self.answered = -SILENCE

    def take(self, connection: Connection) -> None:
        """Count a connection that is about to be opened. Raises Unavailable where there is no place for it."""
        self.connections = {other for other in self.connections if other.standing}
        if sum(other.address == connection.address for other in self.connections) >= self.most:
            self.make_room(connection.address)
        self.connections.add(connection)

    def make_room(self, address: Address) -> None:
        """Close the connection that is overdue for longest, if nothing has answered for long: they may all lead nowhere."""
        now = self.reactor.seconds()
        overdue = self.overdue(address)
        if not overdue or max(self.answered, overdue[0].since) > now - SILENCE:
            raise Unavailable(f"{self.most} connections are open, most of which it does not answer")
        overdue[0].close()

    def overdue(self, address: Address) -> list[Connection]:
        """The connections to this address that nobody waits for any longer, the oldest first."""
        overdue = (other for other in self.connections if other.overdue and other.address == address)
        return sorted(overdue, key=lambda other: other.since)

    async def look(self, connection: Connection) -> None:
        """See through this connection which of the others to its address are still at work, and close those that are not."""
        overdue = self.overdue(connection.address)
        if overdue:
            self.settle(overdue, await connection.run(LOOK, ([other.pid for other in overdue],)))
        self.answered = self.reactor.seconds()

    def settle(self, overdue: list[Connection], at_work: Rows) -> None:
        """Close what PostgreSQL does not work for."""
        self.answered = self.reactor.seconds()
        for other in overdue:
            if (other.pid,) not in at_work:
                other.close()

    def close(self) -> None:
        """Close all."""
        for connection in list(self.connections):
            connection.close()
