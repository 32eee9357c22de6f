"""The API of the administration below `/api/v1`: one handler for all actions."""

from collections.abc import Awaitable
from typing import Final, TypeVar

from attrs import frozen

from iam.administration.actions import performing
from iam.administration.actions.action import Action, Unscoped
from iam.administration.actions.models import JSON, Model, Page, Stream
from iam.administration.actions.operator import Operator
from iam.administration.administration import Administration
from iam.endpoints.api import inputs, versions
from iam.endpoints.api.bearers import Bearers
from iam.endpoints.api.refused import Refused
from iam.endpoints.api.repetitions import Repetitions
from iam.http.answers import Answer, Headers, file_answer, json_text, retry_after
from iam.http.dispatch import Handler
from iam.http.parameters import query_text
from iam.http.request import Request
from iam.records.invalid import Invalid, Missing
from iam.throttles.write_budget import WriteBudget

T = TypeVar("T")

PATH: Final = "/api/v1"
TOO_MUCH: Final = "You or your network have changed so much lately that you have to wait as long as Retry-After says."
NOT_ACCEPTABLE: Final = "The answer is {media}: say so in Accept, or leave it out."


@frozen
class Api:
    """Performs actions for the bearers of access tokens."""

    administration: Administration
    bearers: Bearers
    budget: WriteBudget
    repetitions: Repetitions

    def handler(self, action: Action[Model, Model], show: Action[Model, Model] | None) -> Handler:
        """Returns the handler of an action; `show` shows the object that it is about, if there is one."""

        async def handle(request: Request, **path: str) -> Answer:
            """Performs the action for one request: who calls comes first, then what they want, then whether they may."""
            operator = await self.bearers.operator(request, sensitive=action.sensitive)
            if action.scope not in (operator.scopes or ()):
                raise Unscoped(action.scope)
            wish = inputs.read(action, request, path)
            if not acceptable(request, wish.answered_as):
                raise Refused(406, NOT_ACCEPTABLE.format(media=wish.answered_as))
            await self._charge(action, request, operator)
            await located(action, performing.check(self.administration, action, wish, operator))

            async def act() -> Answer:
                done = await located(action, performing.perform(self.administration, action, wish, operator))
                return answer(action, show, request, done)

            async with versions.seen(self.administration, request, wish, operator, show):
                return await (self.repetitions.once(request, act) if action.creates else act())

        return handle

    async def _charge(self, action: Action[Model, Model], request: Request, operator: Operator) -> None:
        """Raises Refused (429) if a change is more than the caller's budget for writing."""
        if not action.changes:
            return
        wait = await self.budget.wait(request.client_address, operator.by.actor, len(request.body))
        if wait:
            raise Refused(429, TOO_MUCH, retry_after(wait))


async def located(action: Action[Model, Model], work: Awaitable[T]) -> T:
    """Returns the result of a part of an action; what is missing is the object itself only if the address names one."""
    try:
        return await work
    except Missing as missing:
        if "{" in action.path:
            raise
        raise Invalid(missing.complaints) from None


def acceptable(request: Request, media: str = JSON) -> bool:
    """Whether the caller takes an answer of this media type (RFC 9110 §12.5.1)."""
    from werkzeug.datastructures import MIMEAccept
    from werkzeug.http import parse_accept_header

    lines = request.requestHeaders.getRawHeaders(b"accept")
    if not lines:
        return True
    return parse_accept_header(b",".join(lines).decode("latin-1"), MIMEAccept).quality(media) > 0


def answer(action: Action[Model, Model], show: Action[Model, Model] | None, request: Request, done: Model) -> Answer:
    """Returns what came of an action: a new object with its address, an object with its version, or a page."""
    if isinstance(done, Stream):
        return file_answer(done.media_type, done.filename, done.parts)
    headers: Headers = ()
    if action.creates and show is not None:
        headers = ((b"Location", PATH.encode() + address(show, str(getattr(done, action.identity))).encode()),)
    elif action is show:
        headers = ((b"ETag", versions.of(done).encode()),)
    elif isinstance(done, Page) and done.next is not None:
        headers = ((b"Link", following(request, done.next).encode()),)
    return json_text(201 if action.creates else 200, done.model_dump_json(), headers)


def address(show: Action[Model, Model], identity: str) -> str:
    """Returns the path of an object below the API's."""
    from urllib.parse import quote

    before, _, _ = show.path.partition("{")
    return before + quote(identity, safe="")


def following(request: Request, after: str) -> str:
    """Returns the link to the next page (RFC 8288), which is this one with another beginning."""
    kept = [pair for pair in query_text(request).split("&") if pair and not pair.startswith("after=")]
    return f'<{request.path.decode("ascii")}?{"&".join([*kept, "after=" + after])}>; rel="next"'
