"""Is the server alive, and can it serve? (for load balancers and supervisors)"""

from collections.abc import Awaitable, Callable

from attrs import frozen

from iam.http.answers import Answer, json_answer, retry_after
from iam.http.request import Request

SOON = 1  # seconds


@frozen
class Health:
    """`obstacle` says why nobody should be sent here now; empty if they may.

    Anybody may ask, so that the answer is only yes or no: the reason is for the log.
    """

    obstacle: Callable[[], Awaitable[str]]

    async def alive(self, request: Request) -> Answer:
        """The process answers."""
        return json_answer(200, {"status": "alive"})

    async def ready(self, request: Request) -> Answer:
        """The database answers too, and takes writes."""
        reason = await self.obstacle()
        if not reason:
            return json_answer(200, {"status": "ready"})
        request.unanswered = "not ready: " + reason
        return json_answer(503, {"status": "not ready"}, retry_after(SOON))
