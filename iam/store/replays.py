"""What is good for one use only: whoever writes its row first has used it, whichever server he asked (H28)."""

from datetime import date

from iam.database.database import Database

CLAIM = """
with input as (
    select * from unnest($1::bytea[], $2::date[]) with ordinality as i (digest, day, n)
), claimed as (
    insert into replays (digest, day) select digest, day from input
    on conflict do nothing
    returning digest, day
)
select i.n from input i join claimed c on c.digest = i.digest and c.day = i.day
"""

CLAIMED = """
with input as (
    select * from unnest($1::bytea[], $2::date[]) with ordinality as i (digest, day, n)
)
select i.n from input i join replays r on r.digest = i.digest and r.day = i.day
"""


class Replays:
    """The table of what has been used."""

    def __init__(self, database: Database) -> None:
        self._claim = database.statement("replays_claim", CLAIM, ("bytea[]", "date[]"))
        self._claimed = database.statement("replays_claimed", CLAIMED, ("bytea[]", "date[]"))

    async def claim(self, digest: bytes, day: date) -> bool:
        """Is this the first use? `day` is the last day on which it could be used."""
        return await self._claim(digest, day) is not None

    async def claimed(self, digest: bytes, day: date) -> bool:
        """Was it used before? It is not used by asking."""
        return await self._claimed(digest, day) is not None
