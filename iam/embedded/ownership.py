"""The owner of a cluster: the system user that PostgreSQL runs as, never one that other programs share (H47)."""

from collections.abc import Callable

from iam.embedded import account
from iam.embedded.account import SystemAccount
from iam.embedded.cluster import Cluster
from iam.embedded.locks import Lock
from iam.reactor import Timer


async def settle(reactor: Timer, cluster: Cluster, progress: Callable[[str], None]) -> SystemAccount:
    """Returns the user to run PostgreSQL as, and gives them the cluster; while its PostgreSQL still runs, that is the former owner."""
    user = await account.choose(reactor, cluster.owner)
    if user.ours or cluster.owner in (0, user.uid):
        return user
    former = account.account(cluster.owner, ours=False)
    with Lock(cluster.file("running")) as running:
        if not running.take():
            return former
        progress(f"Giving the database of the user {former.name} to {user.name}, as whom nothing else runs ...")
        cluster.hand_over(former, user)
    return user
