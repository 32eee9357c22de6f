"""PostgreSQL's first process: how to find, start, await and end it, whatever its state or its pid file's (H50)."""

import os
import pwd
from signal import SIGCONT, SIGINT, SIGKILL, SIGQUIT
from time import monotonic
from typing import Final

from twisted.internet.task import deferLater

from iam.embedded import processes
from iam.embedded.cluster import SOCKET
from iam.embedded.errors import EmbeddedError, explain
from iam.embedded.installation import Installation
from iam.embedded.locks import Lock
from iam.embedded.processes import PACE, Process

START_TIMEOUT: Final = 600.0  # seconds; recovery after a crash may take long
SAY_AGAIN: Final = 10.0  # seconds between two lines that report a long start
STOP_TIMEOUT: Final = 8.0  # seconds, in all
LEFTOVERS: Final = 3.0  # seconds that the children of a dead postmaster get to end by themselves
STUCK: Final = 30.0  # seconds that we wait for processes that we cannot see, in another container for example
SHARES: Final = ((SIGINT, 0.6), (SIGQUIT, 0.2), (SIGKILL, 0.1))  # fast, immediate, none; of the time to stop


def find(installation: Installation) -> Process | None:
    """Finds the postmaster by the cluster's tag in its arguments, whatever the pid file says; None if none runs."""
    if silent(installation):
        return None
    tag, uid = installation.cluster.tag, installation.account.uid
    named = [pid for pid in processes.belonging(uid, tag) if f"cluster_name={tag}" in processes.arguments(pid, uid)]
    return next((processes.process(pid) for pid in named if processes.parent(pid) not in named), None)


def silent(installation: Installation) -> bool:
    """Whether no process of the cluster is left: they all inherit a lock, which the kernel frees when the last one ends."""
    with Lock(installation.cluster.file("running")) as running:
        return running.take()


async def silence(installation: Installation, patience: float = STUCK) -> Lock:
    """Waits for the processes of a dead postmaster, then kills them, and returns the lock that all processes of the cluster inherit.

    Raises EmbeddedError if the lock is still held after `patience` seconds.
    """
    if not await wait_until_gone(installation, LEFTOVERS):
        kill_all(installation)
    if not await wait_until_gone(installation, patience):
        home = installation.cluster.home
        raise EmbeddedError(
            f"The database in {home} is used by a PostgreSQL that cannot be seen from here: stop it first."
        )
    running = Lock(installation.cluster.file("running"))
    running.take()
    return running


def kill_all(installation: Installation) -> None:
    """Kills all processes of the cluster."""
    if not installation.cluster.made:
        return
    for pid in processes.belonging(installation.account.uid, installation.cluster.tag):
        if found := processes.process(pid):
            found.send(SIGKILL)


async def ensure(installation: Installation) -> Process:
    """Returns a postmaster that accepts connections: the one that runs, or a new one; raises EmbeddedError."""
    installation.cluster.check(installation.account, installation.binaries.major)
    found = find(installation)
    if found is not None and await serves(installation, found):
        return found
    return await launch(installation)


async def serves(installation: Installation, found: Process) -> bool:
    """Waits until this postmaster accepts connections, and says whether it does; ends it if it never will."""
    found.send(SIGCONT)
    socket = installation.cluster.sockets(installation.account) / SOCKET
    began = monotonic()
    while found.alive and monotonic() - began < START_TIMEOUT:
        pid, state = installation.cluster.reported()
        if pid == found.pid and state == "ready" and socket.exists():
            return True
        if pid != found.pid or state in ("ready", "stopping"):
            break  # without its pid file it stops by itself, and without its socket nobody can use it
        await deferLater(installation.reactor, PACE)
    await end(installation, found, STOP_TIMEOUT)
    return False


async def launch(installation: Installation) -> Process:
    """Starts a postmaster and waits until it accepts connections; raises EmbeddedError."""
    cluster = installation.cluster
    with await silence(installation) as running:
        pid, _ = cluster.reported()
        if processes.works_in(pid, installation.account.uid, cluster.home):
            raise EmbeddedError(
                f"Another program started PostgreSQL (process {pid}) in {cluster.home}: stop that first."
            )
        installation.progress(f"Starting PostgreSQL {installation.binaries.number} ...")
        cluster.discard_pid_files(installation.account)
        cluster.admit(installation.account, pwd.getpwuid(os.geteuid()).pw_name)
        cluster.trim_log()
        position = cluster.log.stat().st_size
        installation.launch(running.file)
    try:
        return await ready(installation, position)
    except BaseException:
        if found := find(installation):
            await end(installation, found, STOP_TIMEOUT)
        raise


async def ready(installation: Installation, position: int) -> Process:
    """Waits until the new postmaster accepts connections, and returns it; errors quote the log behind byte `position`."""
    cluster = installation.cluster
    began = said = monotonic()
    while True:
        pid, state = cluster.reported()
        started = processes.process(pid)
        if state == "ready" and started and processes.belongs(pid, installation.account.uid, cluster.tag):
            return started
        if silent(installation):
            raise explain(
                f"PostgreSQL could not be started in {cluster.home}: {installation.cause()}",
                cluster.log_since(position),
            )
        if monotonic() - began > START_TIMEOUT:
            raise explain(f"PostgreSQL does not get ready in {cluster.home}: see its log.", cluster.log_since(position))
        if monotonic() - said > SAY_AGAIN:
            said = monotonic()
            installation.progress(f"PostgreSQL has been starting for {said - began:.0f} s ...")
        await deferLater(installation.reactor, PACE)


async def end(installation: Installation, postmaster: Process, patience: float) -> None:
    """Stops the postmaster and its children within `patience` seconds; SIGCONT lets a stopped process handle the signal."""
    for signal, share in SHARES:
        postmaster.send(signal)
        postmaster.send(SIGCONT)
        if await wait_until_gone(installation, patience * share):
            return
    kill_all(installation)
    await wait_until_gone(installation, patience * (1 - sum(share for _, share in SHARES)))


async def wait_until_gone(installation: Installation, patience: float) -> bool:
    """Waits until all processes of the cluster are gone; False if some are left after `patience` seconds."""
    began = monotonic()
    while not silent(installation):
        if monotonic() - began > patience:
            return False
        await deferLater(installation.reactor, PACE)
    return True
