"""Who pays for what a request may write."""

from attrs import frozen

from iam.browser.visitors import Visitors
from iam.http.request import Request
from iam.throttles.write_budget import WriteBudget


@frozen
class Budget:
    """The budgets of people at browsers, and of the networks that they and others come from."""

    visitors: Visitors
    writes: WriteBudget

    async def wait(self, request: Request) -> int:
        """Seconds until this request may be tried again; 0: now. A page that nobody logged in looks at is free.

        All accounts of the browser are looked up, since many a handler asks for them next, and nobody twice.
        """
        active = (await self.visitors.accounts(request)).active
        if active is None and request.method == b"GET":
            return 0
        actor = f"user {active.session.user_id}" if active is not None else None
        return await self.writes.wait(request.client_address, actor, len(request.body))
