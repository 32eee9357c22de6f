"""What may be used only once: the request that writes its row first has used it, on whichever server (H28)."""

from datetime import date
from typing import Final

from attrs import frozen

from iam.database.database import Database
from iam.database.inputs import fit


@frozen
class Use:
    """The digest of what is used, and the last day on which it can be used."""

    digest: bytes
    day: date


CLAIM: Final = fit(
    Use,
    """
with input as materialized (
    select * from {input}
), claimed as (
    insert into replays (digest, day) select digest, day from input
    on conflict do nothing
    returning digest, day
)
select i.n from input i join claimed c on c.digest = i.digest and c.day = i.day
""",
)

CLAIMED: Final = fit(Use, "select i.n from {input} join replays r on r.digest = i.digest and r.day = i.day")


class Replays:
    """The table of what has been used."""

    def __init__(self, database: Database) -> None:
        self._claim = database.statement("replays_claim", Use, CLAIM)
        self._claimed = database.statement("replays_claimed", Use, CLAIMED)

    async def claim(self, digest: bytes, day: date) -> bool:
        """Records a use, and returns whether it is the first. `day` is the last day on which it could be used."""
        return await self._claim(Use(digest, day)) is not None

    async def claimed(self, digest: bytes, day: date) -> bool:
        """Returns whether it was used before; to ask is not a use."""
        return await self._claimed(Use(digest, day)) is not None
