"""Health checks, for load balancers and supervisors."""

from collections.abc import Awaitable, Callable

from iam.http.answers import Answer, json_answer, retry_after
from iam.http.request import Request
from iam.service import service

SOON = 1  # seconds


@service
class Health:
    """Answers health checks; `obstacle` returns why the server should get no requests now, or an empty text.

    Anybody may ask, so the answer is only yes or no; the reason is logged.
    """

    obstacle: Callable[[], Awaitable[str]]

    async def alive(self, request: Request) -> Answer:
        """Answers 200 while the process runs."""
        return json_answer(200, {"status": "alive"})

    async def ready(self, request: Request) -> Answer:
        """Answers 200 if the database answers too and takes writes, otherwise 503."""
        reason = await self.obstacle()
        if not reason:
            return json_answer(200, {"status": "ready"})
        request.unanswered = "not ready: " + reason
        return json_answer(503, {"status": "not ready"}, retry_after(SOON))
