"""How many connections one address of the database has from us, those included that nobody waits for any longer (H44, H45).

A closed socket ends no backend that waits: for a standby's word, for a disk, for being run again. It goes on, holds one of
PostgreSQL's places, and a new connection would hold another. So a connection whose time is over stays open until PostgreSQL
answers after all, and counts; or until a look from another one says that nothing is under way on it.
"""

from typing import Final

from iam.database.connection import Connection, Place, Rows
from iam.database.errors import Unavailable
from iam.reactor import Timer

SILENCE: Final = 60.0  # seconds without an answer after which the oldest make room: PostgreSQL's authentication_timeout
PAUSE: Final = 1.0  # seconds between two connections that are opened only to look
NEVER: Final = float("-inf")
FULL: Final = "too many connections to it do not answer"
# A process that was begun since has got the number of one that is gone. Where a socket is open still, to close it ends an idle one.
LOOK: Final = """
select pid, state = 'idle' from pg_stat_activity join unnest(%(pids)s::int[], %(ages)s::float8[]) as given (pid, age) using (pid)
where backend_start < clock_timestamp() - make_interval(secs => age)
"""


class Places:
    """The connections that are open, at most `most` of them to one address."""

    def __init__(self, reactor: Timer, most: int) -> None:
        self.reactor = reactor
        self.most = most
        self.connections: set[Connection] = set()
        self.answered = self.looked = NEVER

    def take(self, connection: Connection) -> None:
        """Count a connection that is about to be opened. Raises Unavailable where there is no place for it.

        One more than there are places for is let through in a second, to look who is still there.
        """
        beyond = self.count(connection.place) - self.most
        if beyond > 0:
            self.make_room(connection.place)
        elif beyond == 0:
            self.pace()
        self.connections.add(connection)

    def count(self, place: Place) -> int:
        """How many backends there may be for us at this address."""
        self.connections = {other for other in self.connections if other.held}
        return sum(other.place == place for other in self.connections)

    def pace(self) -> None:
        """Raise Unavailable if somebody has looked just now, and found no place."""
        now = self.reactor.seconds()
        if now < self.looked + PAUSE:
            raise Unavailable(FULL)
        self.looked = now

    def make_room(self, place: Place) -> None:
        """Give up the connection that is overdue for longest, if nothing has answered for long: all may lead nowhere."""
        now = self.reactor.seconds()
        overdue = self.overdue(place)
        if not overdue or max(self.answered, overdue[0].since) > now - SILENCE:
            raise Unavailable(FULL)
        overdue[0].finish()

    def overdue(self, place: Place) -> list[Connection]:
        """The connections to this address that nobody waits for any longer, the oldest first."""
        overdue = (other for other in self.connections if other.overdue and other.place == place)
        return sorted(overdue, key=lambda other: other.since)

    def question(self, overdue: list[Connection]) -> dict[str, list[float]]:
        """What LOOK is to ask about these."""
        now = self.reactor.seconds()
        return {"pids": [other.pid for other in overdue], "ages": [now - other.since for other in overdue]}

    async def look(self, connection: Connection) -> None:
        """See through this new connection who else still has a backend there. Raises Unavailable where there is no place for it."""
        overdue = self.overdue(connection.place)
        self.settle(overdue, await connection.run(LOOK, self.question(overdue)) if overdue else [])
        if self.count(connection.place) > self.most:
            raise Unavailable(FULL)

    def settle(self, overdue: list[Connection], backends: Rows) -> None:
        """Count no longer those that have no backend, or one that ends with its connection. Who was still logging in is not known."""
        now = self.answered = self.reactor.seconds()
        idle: dict[int, bool] = dict(backends)
        for other in overdue:
            known = other.pid != 0 or other.since < now - SILENCE
            if known and (other.pid not in idle or (idle[other.pid] and other.connected)):
                other.finish()

    def close(self) -> None:
        """Close all sockets."""
        for connection in list(self.connections):
            connection.close()
