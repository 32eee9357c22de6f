"""Limits our connections to one address of the database, including those that are overdue (H44, H45).

Closing a socket does not end a backend that waits for a standby or a disk, or is suspended. The backend goes on and
holds one of PostgreSQL's connection slots, and a new connection would hold another. So a connection that is given up
stays open and counts until PostgreSQL answers after all, or until another connection finds that nothing is under way
on it.
"""

from typing import Final

from iam.database.connection import Connection, Place, Rows
from iam.database.errors import Unavailable
from iam.reactor import Timer

SILENCE: Final = 60.0  # seconds without an answer until the oldest makes room: PostgreSQL's authentication_timeout
PAUSE: Final = 1.0  # seconds between two connections that are opened only to look
NEVER: Final = float("-inf")
FULL: Final = "too many connections to it do not answer"
# A process that began after the connection was given up has reused the pid of its backend, which is gone. An idle
# backend ends when the socket is closed, if that is still open.
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
        """Counts a connection that is about to be opened. Raises Unavailable if there is no place for it.

        One more than `most` is let through each PAUSE seconds, to look which backends are still there.
        """
        beyond = self.count(connection.place) - self.most
        if beyond > 0:
            self.make_room(connection.place)
        elif beyond == 0:
            self.pace()
        self.connections.add(connection)

    def count(self, place: Place) -> int:
        """Returns how many backends we may have at this address."""
        self.connections = {other for other in self.connections if other.held}
        return sum(other.place == place for other in self.connections)

    def pace(self) -> None:
        """Raises Unavailable if another connection was let through to look less than PAUSE seconds ago."""
        now = self.reactor.seconds()
        if now < self.looked + PAUSE:
            raise Unavailable(FULL)
        self.looked = now

    def make_room(self, place: Place) -> None:
        """Finishes the connection that is overdue longest, if nothing has answered for SILENCE seconds.

        All may lead nowhere by then. Raises Unavailable otherwise.
        """
        now = self.reactor.seconds()
        overdue = self.overdue(place)
        if not overdue or max(self.answered, overdue[0].since) > now - SILENCE:
            raise Unavailable(FULL)
        overdue[0].finish()

    def overdue(self, place: Place) -> list[Connection]:
        """Returns the connections to this address that are given up but may have a backend, the oldest first."""
        overdue = (other for other in self.connections if other.overdue and other.place == place)
        return sorted(overdue, key=lambda other: other.since)

    def question(self, overdue: list[Connection]) -> dict[str, list[float]]:
        """Returns the parameters of LOOK for these connections."""
        now = self.reactor.seconds()
        return {"pids": [other.pid for other in overdue], "ages": [now - other.since for other in overdue]}

    async def look(self, connection: Connection) -> None:
        """Finds out through this new connection which overdue ones still have a backend there.

        Raises Unavailable if there is no place for the new one.
        """
        overdue = self.overdue(connection.place)
        self.settle(overdue, await connection.run(LOOK, self.question(overdue)) if overdue else [])
        if self.count(connection.place) > self.most:
            raise Unavailable(FULL)

    def settle(self, overdue: list[Connection], backends: Rows) -> None:
        """Finishes the overdue connections that have no backend, or an idle one, which ends with its connection.

        A connection without a pid was still logging in: it stays until it has been overdue for SILENCE seconds.
        """
        now = self.answered = self.reactor.seconds()
        idle: dict[int, bool] = dict(backends)
        for other in overdue:
            known = other.pid != 0 or other.since < now - SILENCE
            if known and (other.pid not in idle or (idle[other.pid] and other.connected)):
                other.finish()

    def close(self) -> None:
        """Closes the sockets of all connections."""
        for connection in list(self.connections):
            connection.close()
