"""The logins that tokens come from: how lately, and how well, a person has proved who they are (RFC 9470)."""

from collections.abc import Collection
from datetime import timedelta
from typing import Final
from uuid import UUID

from attrs import frozen

from iam.clock import Clock
from iam.people.factors.factors import Factors
from iam.records import acr
from iam.records.role import ADMINISTERING, Role
from iam.records.session import RECENT
from iam.records.token import LiveToken
from iam.store.grants import Grants

LATELY: Final = timedelta(seconds=RECENT)


@frozen
class Logins:
    """The logins of people who call the API; of who administers, `admin_acr` is asked."""

    grants: Grants
    factors: Factors
    clock: Clock
    admin_acr: str

    async def judge(self, token: LiveToken, user_id: UUID, roles: Collection[Role]) -> tuple[bool, str | None]:
        """Returns whether the login was lately and good enough for what is sensitive, and the class (acr) that is missing."""
        now = self.clock.now()
        login = await self.grants.login(token.grant_id, now)
        if login is None:
            return False, None
        at, amr = login
        complete = await self.factors.complete(user_id, amr)
        asked = acr.highest(
            (
                None if ADMINISTERING.isdisjoint(roles) else self.admin_acr,
                None if complete else acr.TWO_FACTORS,
            )
        )
        reached = acr.reaches(acr.of(amr), asked)
        return reached and now - at <= LATELY, None if reached else asked
