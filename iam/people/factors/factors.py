"""The factors of people: which there are, which a person has, and how far they reach."""

from collections.abc import Collection
from uuid import UUID

from iam.people.factors.factor import Factor
from iam.records import acr
from iam.service import service


@service
class Factors:
    """All factors of this server, the strongest first."""

    known: tuple[Factor, ...]

    async def of(self, user_id: UUID) -> tuple[Factor, ...]:
        """Returns what the person may prove besides their password, the strongest first; nothing if that is not asked for."""
        held = [factor for factor in self.known if not factor.recovers and await factor.held(user_id)]
        more = [factor for factor in self.known if held and factor.recovers and await factor.held(user_id)]
        return (*held, *more)

    async def complete(self, user_id: UUID, amr: Collection[str]) -> bool:
        """Whether the person has proved by these methods all that is asked of them: one more factor, if they have any."""
        return acr.of(amr) != acr.ONE_FACTOR or not await self.of(user_id)

    async def reachable(self, user_id: UUID) -> str:
        """Returns the highest class (acr) that the person can reach by their password and what else they have."""
        classes = [acr.of(acr.add((acr.PASSWORD,), factor.amr)) for factor in await self.of(user_id)]
        return acr.highest(classes) or acr.ONE_FACTOR
