"""The login: password in, session out (H15, H17, H18)."""

from collections.abc import Awaitable, Callable

from attrs import frozen
from twisted.logger import Logger
from wtforms import BooleanField, Form, PasswordField, StringField

from iam.accounts.people import People
from iam.accounts.sessions import Sessions
from iam.settings import Settings
from iam.web import cookies
from iam.web.addresses import confined
from iam.web.answers import Answer, see_other
from iam.web.forms import Fields
from iam.web.parameters import ParameterError, query_parameters
from iam.web.request import Request
from iam.web.templates import Theme
from iam.web.visitors import Visitors

log = Logger()

PURPOSE = "login"
WRONG = "Username and password do not belong together. Check both and try again."


class LoginForm(Form):  # type: ignore[misc]
    """Who, and the proof."""

    login = StringField("Username or e-mail address")
    password = PasswordField("Password")
    remember = BooleanField("Keep me logged in on this device")


@frozen
class Login:
    """The login page; `leads_to` says where the address behind it will send the browser, for the page's policy."""

    people: People
    sessions: Sessions
    visitors: Visitors
    theme: Theme
    settings: Settings
    leads_to: Callable[[str], Awaitable[str | None]]

    async def show(self, request: Request) -> Answer:
        """The form; who is logged in already goes on."""
        address = next_address(request)
        if await self.visitors.session(request) is not None:
            return see_other(address)
        return await self._form(request, LoginForm(), address)

    async def submit(self, request: Request) -> Answer:
        """Check the password and begin a session, in place of whatever this browser had before."""
        address = next_address(request)
        form = LoginForm(Fields(self.visitors.form(request, PURPOSE)))
        user_id = await self.people.authenticate(form.login.data or "", form.password.data or "")
        remembered = bool(form.remember.data)
        before, address_of_client = self.visitors.cookie(request), request.client_address
        cookie = user_id and await self.sessions.begin(
            before, user_id, remembered=remembered, address=address_of_client
        )
        if not cookie:
            log.info("login refused: {peer}", peer=request.client_address)
            form.password.errors = [WRONG]
            return await self._form(request, form, address, 400)
        log.info("login: user {user_id}, {peer}", user_id=str(user_id), peer=request.client_address)
        age = self.sessions.lifetime(remembered=True) if remembered else None
        return see_other(address, (cookies.setting(self.settings, cookie, age),))

    async def _form(self, request: Request, form: LoginForm, address: str, status: int = 200) -> Answer:
        token, headers = self.visitors.welcome(request, PURPOSE)
        return self.theme.page(
            "login.html",
            status,
            headers,
            form_action=await self.leads_to(address),
            form=form,
            next=address,
            csrf_token=token,
        )


def next_address(request: Request) -> str:
    """Where to go on after the login."""
    try:
        return confined(query_parameters(request).get("next"))
    except ParameterError:
        return "/"
