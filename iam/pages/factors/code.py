"""The page that asks for a code: of an authenticator app, or one of the recovery codes."""

from typing import Final

from attrs import evolve
from wtforms import BooleanField, Form, StringField

from iam.browser.addresses import next_address
from iam.browser.forms import Fields
from iam.browser.theme import Theme
from iam.browser.visitors import Stale, Visitors
from iam.http.answers import Answer, retry_after, see_other
from iam.http.request import Request
from iam.pages.factors.proving import Candidate, Proving, page_of, stepping
from iam.people.factors.attempts import Spent
from iam.people.factors.factor import Coded
from iam.service import service
from iam.throttles.throttle import Throttled

MANY: Final = 120  # seconds, from which on waits are told in minutes
WRONG: Final = "This code is wrong, or it was used before. Type another one."


class CodeForm(Form):  # type: ignore[misc]
    """What is typed to prove the factor."""

    code = StringField("Code")
    remember = BooleanField("Do not ask again in this browser for 30 days")


@service
class CodePage:
    """The page /login/factor/NAME of a factor that is proved by a code."""

    factor: Coded
    proving: Proving
    visitors: Visitors
    theme: Theme

    async def show(self, request: Request) -> Answer:
        """Shows the form to who has this factor."""
        return await self._show(request, await self.proving.candidate(request), CodeForm())

    async def submit(self, request: Request) -> Answer:
        """Begins the session if the code is right."""
        candidate = await self.proving.candidate(request)
        sent = self.visitors.receive(request, self._purpose, secret=candidate.secret)
        form = CodeForm(Fields(sent.fields))
        if sent.stale:
            return await self._show(request, candidate, form, 403, sent.stale)
        try:
            right = await self.factor.prove(
                candidate.user_id,
                form.code.data or "",
                request.client_address,
                lambda: self.proving.count(candidate),
            )
        except Spent:
            return await self.proving.begin_anew(request)
        except Throttled as error:
            form.code.errors = [describe_wait(error.retry_after)]
            answer = await self._show(request, candidate, form, 429)
            return evolve(answer, headers=(*answer.headers, *retry_after(error.retry_after)))
        if not right:
            form.code.errors = [WRONG]
            return await self._show(request, candidate, form, 400)
        remember = bool(form.remember.data) and not candidate.stepping
        return await self.proving.finish(request, candidate, self.factor, remember=remember)

    async def _show(
        self, request: Request, candidate: Candidate, form: CodeForm, status: int = 200, stale: Stale | None = None
    ) -> Answer:
        """Shows the form with links to the person's other factors; leads to these who does not have this one."""
        choices = await self.proving.choices(request, candidate)
        if self.factor not in choices:
            return see_other(page_of(None, request))
        return self.theme.page(
            f"factor_{self.factor.name}.html",
            status,
            leaving=True,
            stale=stale,
            form=form,
            candidate=candidate,
            action=request.base + page_of(self.factor, request),
            others=[(request.base + page_of(other, request), other) for other in choices if other != self.factor],
            next=request.base + next_address(request),
            stepping=stepping(request),
            csrf_token=self.visitors.token(request, self._purpose, candidate.secret),
        )

    @property
    def _purpose(self) -> str:
        return f"factor {self.factor.name}"


def describe_wait(wait: int) -> str:
    """Returns the sentence about too many wrong codes, with the wait in seconds or, from MANY on, in minutes."""
    span = f"{wait} seconds" if wait < MANY else f"{-(-wait // 60)} minutes"
    return f"There were too many wrong codes. Wait {span}, then try again."
