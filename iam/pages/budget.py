"""The budgets that requests of pages are charged to for what they may write."""

from iam.browser.visitors import Visitors
from iam.http.request import Request
from iam.service import service
from iam.throttles.write_budget import WriteBudget


@service
class Budget:
    """The budgets of people at browsers and of their networks."""

    visitors: Visitors
    writes: WriteBudget

    async def wait(self, request: Request) -> int:
        """Returns the seconds until this request may be tried again; 0: now.

        A GET costs nothing if nobody is logged in. All accounts of the browser are looked up: most handlers ask for
        them next, and the request keeps them.
        """
        active = (await self.visitors.accounts(request)).active
        if active is None and request.method == b"GET":
            return 0
        actor = f"user {active.session.user_id}" if active is not None else None
        return await self.writes.wait(request.client_address, actor, len(request.body))
