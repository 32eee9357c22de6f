"""Forms that were sent before a login and are shown again after it, with what was typed (iam/browser/drafts.py)."""

from typing import Final

from attrs import evolve

from iam.browser.visitors import Visitors
from iam.http.answers import Answer
from iam.http.dispatch import Handler
from iam.http.request import Request

STALE: Final = 403  # a form that is shown again, as it must be looked at first


def resuming(visitors: Visitors, show: Handler, submit: Handler) -> Handler:
    """Returns the handler that shows a page: with its form as `submit` shows a stale one, if its person sent it before.

    So nothing is done until they send it again.
    """

    async def handler(request: Request, **arguments: str) -> Answer:
        if not await visitors.resume(request):
            return await show(request, **arguments)
        answer = await submit(request, **arguments)
        gone = visitors.drafts.forget(request)
        return evolve(answer, status=200 if answer.status == STALE else answer.status, headers=(*answer.headers, gone))

    return handler
