"""The page where people type the code that their device shows (RFC 8628 §3.3)."""

from typing import Final

from attrs import evolve
from wtforms import Form, StringField

from iam.browser.addresses import leading_to
from iam.browser.forms import Fields
from iam.browser.theme import Theme
from iam.browser.visitors import Stale, Visitors
from iam.endpoints.authorization_addresses import DEVICE, DEVICE_PATH
from iam.http.answers import Answer, AnswerNow, retry_after, see_other
from iam.http.parameters import ParameterError, query_parameters, query_text
from iam.http.request import Request
from iam.protocol import user_codes
from iam.protocol.user_codes import UserCodes
from iam.records.session import Session
from iam.service import service
from iam.throttles.throttle import Throttled

PURPOSE: Final = "device"
PARAMETER: Final = "user_code"
MALFORMED: Final = "A code has eight letters, such as WDJB-MJHT: no vowels, and no digits."
WRONG: Final = "There is no such code: look at your device again. A code is good once, and for ten minutes."
WAIT: Final = "There were too many wrong codes. Wait {} seconds, then try again."


class UserCodeForm(Form):  # type: ignore[misc]
    """What is typed."""

    user_code = StringField("Code on your device", description="Eight letters, such as WDJB-MJHT")


@service
class DevicePage:
    """Asks for the code; a right one leads to the question whether to allow what the device asks for."""

    codes: UserCodes
    visitors: Visitors
    theme: Theme

    async def show(self, request: Request) -> Answer:
        """Shows the form, with the code in the address, which is looked up only when the person sends it."""
        session = await self._session(request)
        return self._show(request, session, UserCodeForm(user_code=code_in(request)))

    async def submit(self, request: Request) -> Answer:
        """Leads on if the code is right."""
        session = await self._session(request)
        sent = self.visitors.receive(request, PURPOSE)
        form = UserCodeForm(Fields(sent.fields))
        if sent.stale:
            return self._show(request, session, form, 403, sent.stale)
        code = user_codes.typed(form.user_code.data or "")
        if code is None:
            return self._refuse(request, session, form, MALFORMED)
        try:
            found = await self.codes.find(code, session.user_id, request.client_address)
        except Throttled as error:
            answer = self._refuse(request, session, form, WAIT.format(error.retry_after), 429)
            return evolve(answer, headers=(*answer.headers, *retry_after(error.retry_after)))
        if found is None:
            return self._refuse(request, session, form, WRONG)
        return see_other(f"{DEVICE}?{PARAMETER}={user_codes.shown(code)}")

    async def _session(self, request: Request) -> Session:
        """Returns who is logged in. Raises AnswerNow with the way to the login, which leads back here."""
        session = await self.visitors.session(request)
        if session is None:
            query = query_text(request)
            address = f"{DEVICE_PATH}?{query}" if query else DEVICE_PATH
            raise AnswerNow(see_other(leading_to("/login", address, request.base)))
        return session

    def _refuse(
        self, request: Request, session: Session, form: UserCodeForm, sentence: str, status: int = 400
    ) -> Answer:
        form.user_code.errors = [sentence]
        return self._show(request, session, form, status)

    def _show(
        self, request: Request, session: Session, form: UserCodeForm, status: int = 200, stale: Stale | None = None
    ) -> Answer:
        return self.theme.page(
            "device.html",
            status,
            session=session,
            form=form,
            stale=stale,
            csrf_token=self.visitors.token(request, PURPOSE),
        )


def code_in(request: Request) -> str:
    """Returns the code in the address; empty if there is none."""
    try:
        return query_parameters(request).get(PARAMETER) or ""
    except ParameterError:
        return ""
