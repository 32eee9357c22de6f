"""What ends with somebody or something: the latest are named, and the others counted as far as that takes no time."""

from collections.abc import Callable, Sequence
from typing import Final
from uuid import UUID

from iam.administration.administration import Administration
from iam.administration.losses import KNOWN, MOST, count, try_in_time
from iam.records.grant import Grant

LOOKED: Final = 10_000  # grants that are looked through for what is in no index
OLDER: Final = f"perhaps older grants: only the latest {LOOKED:,} were looked at"


def by_name(grant: Grant) -> str | None:
    """Returns what people know a grant by."""
    return grant.name


async def count_grants(
    on: Administration,
    by: Callable[[Grant], str | None] = by_name,
    *,
    user_id: UUID | None = None,
    client_id: str | None = None,
) -> list[str]:
    """Returns the living grants, all or those of a person or a client, as one item; no item if there are none.

    `by` names each, by default by its client or token. Of many it is said how many have not been revoked.
    """
    now, grants = on.clock.now(), on.store.grants
    latest = await try_in_time(grants.latest(now, KNOWN + 1, user_id=user_id, client_id=client_id))
    if latest is None or len(latest) <= KNOWN:
        return count(latest, "grant", by)
    return count(latest, "grant", by, await grants.number(now, MOST + 1, user_id=user_id, client_id=client_id))


async def count_using(on: Administration, *, scope: str | None = None, resource: str | None = None) -> Sequence[str]:
    """Returns the living grants that have a scope or are for a resource, as one item; no item if there are none.

    Of very many only the latest are looked at, and then an item says so.
    """
    now, grants = on.clock.now(), on.store.grants
    found = await try_in_time(grants.using(now, LOOKED, MOST + 1, scope=scope, resource=resource))
    items = count(found, "grant", by_name)
    everything = await grants.number(now, LOOKED + 1)
    return [*items, OLDER] if everything > LOOKED else items
