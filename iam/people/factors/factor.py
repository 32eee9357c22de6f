"""What every second factor is (docs/decisions/factors.md)."""

from typing import ClassVar, Protocol
from uuid import UUID

from iam.people.factors.attempts import Count


class Factor(Protocol):
    """A way to prove who one is, besides the password.

    `name` is that in addresses: the page that asks for it is /login/factor/NAME. `label` is what people read, `amr` what
    it adds to the methods of a login (RFC 8176). One that only `recovers` is asked for nobody who has no other.
    """

    name: ClassVar[str]
    label: ClassVar[str]
    amr: ClassVar[tuple[str, ...]]
    recovers: ClassVar[bool]

    async def held(self, user_id: UUID) -> bool:
        """Whether the person has it."""


class Coded(Factor, Protocol):
    """A factor that is proved by typing a code."""

    async def prove(self, user_id: UUID, code: str, address: str, count: Count) -> bool:
        """Whether the code is right, which uses it up; `count` counts it in the login. Raises Throttled, and Spent."""
