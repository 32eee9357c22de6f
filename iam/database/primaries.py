"""What a server of the database is: of which cluster, written or only read, and on which timeline.

Each promotion begins a timeline with a higher number. So of two servers of one cluster that both take writes, the one on
the lower timeline is deposed: what it acknowledges is lost when it follows the other one again.
"""

from typing import Any, Final

from attrs import frozen

from iam.database.errors import Unavailable

# PostgreSQL tells all of this to every role, a managed service perhaps not: what is refused stays unknown, without an error.
# pg_control_checkpoint() knows a new timeline only after the first checkpoint on it; the name of the current WAL file, at once.
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
    """What a server says about itself; empty or 0 where it does not say."""

    cluster: str  # its system identifier
    timeline: int
    started: int  # microseconds since the epoch, by its own clock
    writes: bool

    @property
    def rank(self) -> tuple[bool, int, int]:
        """The higher, the better: two servers that write on one timeline are one that was started again."""
        return self.writes, self.timeline if self.writes else 0, self.started if self.writes else 0


UNKNOWN: Final = Instance("", 0, 0, writes=False)


def read(row: tuple[Any, ...]) -> Instance:
    """What FIND has found, but for the process."""
    _pid, cluster, timeline, started, writes = row
    return Instance(cluster, int(timeline or "0", 16), int(started or "0"), writes)


class Succession:
    """The highest timeline that this process has seen, and of which cluster: there is no way back."""

    def __init__(self) -> None:
        self.cluster = ""
        self.timeline = 0
        self.begun = False  # whether there was a server that takes writes

    def judge(self, server: Instance) -> None:
        """Raise Unavailable where a server is of another cluster, or deposed."""
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
        """Remember a server that takes writes; True if it is on a timeline that follows the one seen so far."""
        if not server.writes:
            return False
        self.cluster = self.cluster or server.cluster
        follows = 0 < self.timeline < server.timeline
        self.timeline = max(self.timeline, server.timeline)
        self.begun = True
        return follows
