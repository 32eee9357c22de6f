"""Requests of the API that may come again (Idempotency-Key): claimed once, with their answers for a day."""

from datetime import datetime
from typing import Final

from attrs import field, frozen

from iam.database.database import Database

CLAIM: Final = """
insert into repeated_requests (token, key, input, created_at) values (%(token)s, %(key)s, %(input)s, %(now)s)
on conflict do nothing returning key
"""
FIND: Final = "select input, answer from repeated_requests where token = %(token)s and key = %(key)s"
ANSWERED: Final = "update repeated_requests set answer = %(answer)s where token = %(token)s and key = %(key)s"
RELEASE: Final = "delete from repeated_requests where token = %(token)s and key = %(key)s and answer is null"
SWEEP: Final = """
delete from repeated_requests where (token, key) in (
    select token, key from repeated_requests where created_at < %(before)s limit %(most)s
)
returning key
"""
SWEPT: Final = 1000  # rows of one statement


@frozen
class RepeatedRequest:
    """A request that came before: the digest of its input, and its encrypted answer; None if there is none yet."""

    input: bytes
    answer: bytes | None = field(repr=False)


class RepeatedRequests:
    """The table of requests that may come again, by the digest of their token and their key."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim(self, token: bytes, key: str, digest: bytes, now: datetime) -> RepeatedRequest | None:
        """Claims a request with an input of this digest; returns the one that came before, or None if this is the first."""
        told = {"token": token, "key": key, "input": digest, "now": now}
        if await self._database.query(CLAIM, told):
            return None
        rows = await self._database.query(FIND, {"token": token, "key": key})
        return RepeatedRequest(bytes(rows[0][0]), rows[0][1] and bytes(rows[0][1])) if rows else None

    async def answer(self, token: bytes, key: str, answer: bytes) -> None:
        """Keeps the answer to a request that was claimed."""
        await self._database.query(ANSWERED, {"token": token, "key": key, "answer": answer})

    async def release(self, token: bytes, key: str) -> None:
        """Forgets a request that came to nothing, so that it may come again, in other words too."""
        await self._database.query(RELEASE, {"token": token, "key": key})

    async def sweep(self, before: datetime) -> int:
        """Deletes some requests from before this moment. Returns how many."""
        return len(await self._database.query(SWEEP, {"before": before, "most": SWEPT}))
