"""A primary and its replica: what fails over, and all that can go wrong with it.

The fixture `pair` has one of them: `pair.primary`, `pair.replica` and `pair.dsn()` for both; `pair.synchronous()`,
`pair.promote()`, `pair.stall()` and `pair.rebuild()`, and `freeze`, `thaw`, `stop`, `kill` and `start` for either.
"""

import os
import shutil
import signal
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from psycopg2.extensions import make_dsn

from tests.faults.mortal import TUNING, Mortal, lives
from tests.waiting import wait_until

NAME: Final = "replica"  # of either when it follows the other: to its slot, and among synchronous standbys
PROMPT: Final = {
    "wal_retrieve_retry_interval": "100ms",
    "wal_receiver_timeout": "5s",
    "wal_sender_timeout": "5s",
    "wal_receiver_status_interval": "1s",
}


class Member(Mortal):
    """One of a pair."""

    tuning = TUNING | PROMPT

    def follow(self, primary: "Member") -> None:
        """Become a replica of the primary, made anew, over a slot; not started yet."""
        shutil.rmtree(self.data, ignore_errors=True)
        primary.ask(f"select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = '{NAME}'")
        self.run(
            "pg_basebackup",
            *("-D", self.data),
            *("-d", f"host=127.0.0.1 port={primary.port} user=postgres application_name={NAME}"),
            *("--create-slot", "--slot", NAME, "--write-recovery-conf", "--checkpoint=fast", "--no-sync"),
        )

    def set(self, name: str, value: str) -> None:
        """Change a setting, and wait until it holds."""
        self.ask(f"alter system set {name} = '{value}'")
        self.ask("select pg_reload_conf()")
        wait_until(lambda: self.ask(f"select setting from pg_settings where name = '{name}'") == [(value,)])

    def in_recovery(self) -> bool:
        return bool(self.ask("select pg_is_in_recovery()")[0][0])

    def timeline(self) -> int:
        """The timeline that it writes: a primary's only."""
        return int(self.ask("select substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8)")[0][0], 16)

    def processes(self) -> list[int]:
        """The postmaster first, and its children."""
        assert self.postmaster is not None
        pid = self.postmaster.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return [pid, *map(int, children)]

    def freeze(self) -> None:
        """Let every process stand still: connections are taken, and nobody answers."""
        assert self.postmaster is not None
        self.halt(self.postmaster.pid)  # it has no more children from now on
        for pid in self.processes():
            self.halt(pid)

    def thaw(self) -> None:
        """Let every process go on."""
        self.resume()

    def stop(self) -> None:
        """Shut down in order: connections end, and the replica gets all that was written."""
        self.thaw()
        assert self.postmaster is not None
        self.postmaster.send_signal(signal.SIGINT)
        self.postmaster.wait()
        self.postmaster = None

    def kill(self) -> None:
        """Kill every process at once, as when the power goes; see `Mortal.kill` for the postmaster alone."""
        assert self.postmaster is not None
        self.halt(self.postmaster.pid)
        self.orphans = self.processes()[1:]
        for pid in [self.postmaster.pid, *self.orphans]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.postmaster.wait()
        self.postmaster = None
        self.stopped.clear()
        wait_until(self.gone)

    def kill_postmaster(self) -> None:
        """Kill the postmaster alone; its children answer until they notice."""
        super().kill()

    @property
    def alive(self) -> bool:
        return self.postmaster is not None and lives(self.postmaster.pid)


class Pair:
    """Two members, `primary` and `replica` by turns; `members` stay in the order of the connection string."""

    def __init__(self) -> None:
        self.members = (Member(), Member())
        self.primary, self.replica = self.members

    def start(self) -> None:
        self.primary.create()
        self.primary.start()
        self.rebuild()

    def end(self) -> None:
        """Both are gone, with all that they had."""
        for member in self.members:
            member.end()
            shutil.rmtree(member.directory)

    def dsn(self, *members: Member, **more: Any) -> str:
        """Leads to these members, in this order; to both as they were at the beginning if none is named."""
        hosts = members or self.members
        where = {"host": ",".join("127.0.0.1" for _ in hosts), "port": ",".join(str(each.port) for each in hosts)}
        return make_dsn(**{**where, "user": "postgres", "dbname": "postgres"} | more)

    def rebuild(self) -> None:
        """The replica is made anew from the primary, and follows it: what it alone had is gone."""
        self.replica.end()
        self.replica.follow(self.primary)
        self.replica.start()
        wait_until(self.follows)

    def follows(self) -> bool:
        """Does the replica follow the primary?"""
        return self.state() != ""

    def state(self) -> str:
        """How the primary sees its replica: async or sync; empty where it sees none."""
        rows = self.primary.ask("select sync_state from pg_stat_replication where state = 'streaming'")
        return str(rows[0][0]) if rows else ""

    def synchronous(self, *, on: bool = True) -> None:
        """Commits wait for the replica, strictly: as long as it takes, even if there is none."""
        self.primary.set("synchronous_standby_names", NAME if on else "")
        if on:
            wait_until(lambda: self.state() == "sync")

    def caught_up(self) -> bool:
        """Has the replica all that the primary has written so far?"""
        sql = "select pg_wal_lsn_diff(pg_current_wal_lsn(), {}) <= 0"
        (position,) = self.replica.ask("select pg_last_wal_receive_lsn()")[0]
        return bool(self.primary.ask(sql.format(f"'{position}'"))[0][0])

    def promote(self) -> Member:
        """The replica becomes the primary, alone and asynchronous, whatever the old one does, which is returned."""
        old, new = self.primary, self.replica
        self.primary, self.replica = new, old
        new.set("synchronous_standby_names", "")
        new.ask("select pg_promote()")
        wait_until(lambda: not new.in_recovery())
        return old

    def stall(self) -> None:
        """Commits wait for a replica that is not there, until `unstall`."""
        assert self.state() == "sync", "only strict synchronous replication stalls"
        self.replica.kill()

    def unstall(self) -> None:
        """The replica is there again, and what waited is committed."""
        self.replica.start()
        wait_until(lambda: self.state() == "sync")
