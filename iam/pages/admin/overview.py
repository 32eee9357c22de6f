"""The first page of the administration: what runs here, and what needs attention."""

from datetime import timedelta
from importlib.metadata import version
from typing import Final

from iam.administration import keys
from iam.http.answers import Answer
from iam.http.request import Request
from iam.pages.admin.desk import Desk
from iam.records.role import ADMINISTERING
from iam.service import service

HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)


@service
class AdminOverview:
    """The page /admin."""

    desk: Desk

    async def show(self, request: Request) -> Answer:
        """Shows it."""
        session, _ = await self.desk.admit(request, ADMINISTERING)
        on = self.desk.administration
        now = on.clock.now()
        states = await keys.list_states(on)
        return self.desk.page(
            "admin_overview.html",
            session,
            version=version("iam"),
            issuer=on.settings.issuer,
            numbers=await on.store.overview.numbers(now - DAY),
            refused=await on.store.overview.refused(now - HOUR),
            keys=[(key, state, (now - key.active_at).days) for key, state in states if state != keys.REMOVED],
        )
