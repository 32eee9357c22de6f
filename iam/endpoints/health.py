"""Is the server alive, and can it serve? (for load balancers and supervisors)"""

from collections.abc import Awaitable, Callable

from attrs import frozen

from iam.web.answers import Answer, json_answer
from iam.web.request import Request


@frozen
class Health:
    """`check` raises what becomes a 503 where the database does not answer; `obstacle` says why it is only read, if it is.

    Anybody may ask, so that the answer is only yes or no: the reason is in the log, where what found it has said it.
    """

    check: Callable[[], Awaitable[None]]
    obstacle: Callable[[], str]

    async def alive(self, request: Request) -> Answer:
        """The process answers."""
        return json_answer(200, {"status": "alive"})

    async def ready(self, request: Request) -> Answer:
        """The database answers too, and may be written."""
        if self.obstacle():
            return json_answer(503, {"status": "not ready"})
        await self.check()
        return json_answer(200, {"status": "ready"})
