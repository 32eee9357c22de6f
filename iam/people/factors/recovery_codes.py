"""Recovery codes, for who has lost what else they prove: ten of 80 random bits, each good once (H24)."""

import os
import re
from base64 import b32encode
from typing import ClassVar, Final
from uuid import UUID

from attrs import frozen

from iam.clock import Clock
from iam.people.factors.attempts import Count, FactorAttempts
from iam.records import acr, actor
from iam.records.actor import By
from iam.secrets import minted
from iam.store.recovery_codes import RecoveryCodeTable

CODES: Final = 10
OCTETS: Final = 10
GROUP: Final = 4  # characters between hyphens
BETWEEN: Final = re.compile(r"[\s-]+")
MISREAD: Final = str.maketrans("0", "o")  # base32 has no zero
LONGEST: Final = 100  # characters of what is typed


@frozen
class RecoveryCodes:
    """People's recovery codes."""

    name: ClassVar[str] = "recovery"
    label: ClassVar[str] = "Recovery code"
    amr: ClassVar[tuple[str, ...]] = (acr.ONE_TIME,)
    recovers: ClassVar[bool] = True

    table: RecoveryCodeTable
    clock: Clock
    attempts: FactorAttempts

    async def held(self, user_id: UUID) -> bool:
        """Whether the person has codes that were not used."""
        return await self.left(user_id) > 0

    async def left(self, user_id: UUID) -> int:
        """Returns how many codes the person has that were not used."""
        return await self.table.left(user_id)

    async def prove(self, user_id: UUID, code: str, address: str, count: Count) -> bool:
        """Whether this is one of the person's codes that was not used, as it is from now on. Raises Throttled, and Spent."""
        digest, by = digest_of(code), actor.person(user_id, address)
        return await self.attempts.make(
            self.name, user_id, address, lambda: self.table.use(user_id, digest, self.clock.now(), by), count
        )

    async def renew(self, user_id: UUID, by: By) -> tuple[str, ...]:
        """Returns new codes, which nobody can read again; those from before are good no more. None for who is locked out."""
        codes = tuple(make() for _ in range(CODES))
        renewed = await self.table.renew(user_id, [digest_of(code) for code in codes], self.clock.now(), by)
        return codes if renewed else ()


def make() -> str:
    """Returns a new code, such as `k3qz-7m2a-wd5x-ph4c`."""
    text = b32encode(os.urandom(OCTETS)).decode().lower()
    return "-".join(text[start : start + GROUP] for start in range(0, len(text), GROUP))


def digest_of(typed: str) -> bytes:
    """Returns the digest under which the table has a code, however it was typed."""
    return minted.digest(BETWEEN.sub("", typed[:LONGEST]).lower().translate(MISREAD))
