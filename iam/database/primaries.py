"""What a server of the database is: its cluster, its timeline, and whether it takes writes.

Each promotion begins a timeline with a higher number. So if two servers of one cluster both take writes, the one on
the lower timeline is deposed: what it acknowledges is lost when it follows the other one again.
"""

from typing import Any, Final

from attrs import frozen

from iam.database.errors import Unavailable

# PostgreSQL tells all of this to every role, but a managed service may not: what is refused stays unknown, without an
# error.
# pg_control_checkpoint() shows a new timeline only after the first checkpoint on it; the name of the current WAL file
# does so at once.
FIND: Final = """
do $primary$
declare
    cluster text = '';
    timeline text = '';
    started text = '';
begin
    begin
        cluster = (select system_identifier from pg_control_system());
    exception when others then null;
    end;
    begin
        if not pg_is_in_recovery() then
            timeline = left(pg_walfile_name(pg_current_wal_lsn()), 8);
        end if;
    exception when others then null;
    end;
    begin
        started = (extract(epoch from pg_postmaster_start_time()) * 1000000)::bigint;
    exception when others then null;
    end;
    perform set_config('iam.cluster', coalesce(cluster, ''), false),
        set_config('iam.timeline', coalesce(timeline, ''), false),
        set_config('iam.started', coalesce(started, ''), false);
end
$primary$;
select pg_backend_pid(), current_setting('iam.cluster'), current_setting('iam.timeline'), current_setting('iam.started'),
    not pg_is_in_recovery() and current_setting('default_transaction_read_only') = 'off'
"""


@frozen
class Instance:
    """What a server says about itself; empty or 0 if it does not say."""

    cluster: str  # its system identifier
    timeline: int
    started: int  # microseconds since the epoch, by its own clock
    writes: bool

    @property
    def rank(self) -> tuple[bool, int, int]:
        """The higher, the better. Two servers that write on one timeline are taken for one that was restarted."""
        return self.writes, self.timeline if self.writes else 0, self.started if self.writes else 0


UNKNOWN: Final = Instance("", 0, 0, writes=False)


def read(row: tuple[Any, ...]) -> Instance:
    """Returns the instance that a row of FIND describes."""
    _pid, cluster, timeline, started, writes = row
    return Instance(cluster, int(timeline or "0", 16), int(started or "0"), writes)


class Succession:
    """The highest timeline that this process has seen, and its cluster; it never goes back to a lower one."""

    def __init__(self) -> None:
        self.cluster = ""
        self.timeline = 0
        self.begun = False  # whether a server that takes writes was seen

    def judge(self, server: Instance) -> None:
        """Raises Unavailable if a server belongs to another cluster or is deposed."""
        if server.cluster and self.cluster not in ("", server.cluster):
            raise Unavailable(
                f"this is another database: its system identifier is {server.cluster}, not {self.cluster}; "
                "take it out of the connection string, or restart iam if it is to replace the other one"
            )
        if server.writes and 0 < server.timeline < self.timeline:
            raise Unavailable(
                f"this server is deposed: it takes writes on timeline {server.timeline}, though timeline {self.timeline} "
                "was seen; let it follow the new primary, or restart iam if this one is to stay"
            )

    def note(self, server: Instance) -> bool:
        """Remembers a server that takes writes; returns whether its timeline follows the one seen so far."""
        if not server.writes:
            return False
        self.cluster = self.cluster or server.cluster
        follows = 0 < self.timeline < server.timeline
        self.timeline = max(self.timeline, server.timeline)
        self.begun = True
        return follows
