"""Readiness: PostgreSQL says whether it takes writes, and the requested writes show whether they come through."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from attrs import frozen
from twisted.internet.defer import Deferred
from twisted.logger import Logger

from iam.database.connection import Rows
from iam.database.errors import Rejected, Unavailable
from iam.database.writes import Writes
from iam.reactor import Timer

LOOK: Final = 0.5  # seconds between two looks at the writes under way

# A commit that waits for a standby goes on waiting after we have given up its connection. Commits come through in the
# order of their positions in the WAL, so all later ones wait too, except those that have changed nothing.
CHECK: Final = """
select pg_is_in_recovery(), current_setting('transaction_read_only') = 'on',
    coalesce(bool_or(wait_event = 'SyncRep'), false), count(*) > 0
from pg_stat_activity
where application_name = 'iam' and datname = current_database() and state = 'active' and pid <> pg_backend_pid()
    and query_start < clock_timestamp() - interval '1.5 seconds'
"""
RECOVERING: Final = "The database is only read: it is in recovery, as a standby is."
READ_ONLY: Final = "The database is only read: default_transaction_read_only is on."
WAITING: Final = "Commits wait for a standby (synchronous_standby_names)."

log = Logger()


@frozen
class State:
    """What PostgreSQL says of itself and of our servers' statements that take long."""

    recovering: bool
    read_only: bool
    waiting: bool  # whether a commit waits for a standby
    hanging: bool  # whether a statement hangs, for whatever reason

    @property
    def obstacle(self) -> str:
        """Why no write can succeed; empty if PostgreSQL knows no reason."""
        if self.recovering:
            return RECOVERING
        if self.read_only:
            return READ_ONLY
        return WAITING if self.waiting else ""


class Readiness:
    """Finds out whether the server is ready, and logs when writes begin and cease to stall.

    `examine` returns the answer to CHECK; `told` says whether the log already has the reason.
    """

    def __init__(
        self, reactor: Timer, writes: Writes, examine: Callable[[], Awaitable[Rows]], told: Callable[[], bool]
    ) -> None:
        self.reactor = reactor
        self.writes = writes
        self.examine = examine
        self.told = told
        self.stalled: float | None = None  # since when, in seconds of the reactor
        self.known = ""  # PostgreSQL's last reason why no write can succeed
        self.explained = False  # PostgreSQL has said why writes fail
        self.alarm: Any = None
        self.stopped = False
        writes.asked = self.watch

    async def obstacle(self) -> str:
        """Returns why the server is not ready, in a sentence; empty if it is."""
        return self.known or self.writes.obstacle() if self.writes.late else await self.reason()

    async def reason(self) -> str:
        """Asks PostgreSQL for the same; returns what the writes show if it does not answer or knows no reason."""
        try:
            ((*answer,),) = await self.examine()
        except (Rejected, Unavailable) as error:
            self.explained = True
            return self.writes.obstacle() if self.writes.late else str(error)
        state = State(*answer)
        self.learn(state)
        return state.obstacle or self.writes.obstacle()

    def learn(self, state: State) -> None:
        """Notes PostgreSQL's state. Once its reason is gone, writes that failed meanwhile no longer count."""
        self.known = state.obstacle
        self.writes.hang(still=state.hanging)
        if state.obstacle:
            self.explained = True
        elif self.explained:
            self.explained = False
            self.writes.forget()

    def watch(self) -> None:
        """Called when a write is requested: schedules the next look."""
        if self.alarm is None and not self.stopped:
            self.alarm = self.reactor.callLater(LOOK, self.ring)

    def ring(self) -> None:
        """Looks, and looks again while writes are pending or stalled."""
        Deferred.fromCoroutine(self.look()).addBoth(self.rest)

    def rest(self, _outcome: object) -> None:
        """Schedules the next look, if one is needed."""
        self.alarm = None
        if self.writes.pending or self.stalled is not None:
            self.watch()

    async def look(self) -> None:
        """Logs that writes stall, or work again. Asks PostgreSQL only if there is a sign of either."""
        if self.stalled is None and not self.writes.doubtful:
            return
        reason = await self.reason()
        now = self.reactor.seconds()
        if reason and self.stalled is None and not self.told():
            self.stalled = self.writes.since
            seconds = round(now - self.stalled, 1)
            log.warn(
                "writes.stalled: no write has come through for {seconds} s: {reason}", seconds=seconds, reason=reason
            )
        elif not reason and self.stalled is not None:
            log.info("writes.back after {seconds} s", seconds=round(now - self.stalled, 1))
            self.stalled = None

    def stop(self) -> None:
        """Stops looking."""
        self.stopped = True
        if self.alarm is not None and self.alarm.active():
            self.alarm.cancel()
