"""The first administrator, made once in the browser, by who sees the server's terminal."""

from hmac import compare_digest

from attrs import frozen
from twisted.logger import Logger
from wtforms import Form, PasswordField, StringField

from iam import credentials
from iam.accounts import actors
from iam.accounts.invalid import Invalid, complain
from iam.accounts.people import People
from iam.accounts.sessions import Sessions
from iam.accounts.throttle import Throttle
from iam.credentials import Kind
from iam.server_key import ServerKey
from iam.settings import Settings
from iam.web import cookies, forms
from iam.web.answers import Answer, see_other
from iam.web.forms import Fields
from iam.web.parameters import ParameterError, query_parameters
from iam.web.request import Request
from iam.web.templates import Theme
from iam.web.visitors import Visitors

log = Logger()

PURPOSE = "setup"
DIFFERENT = "The two passwords differ: type the same one twice."
OVER = (
    "This link is not good, or there is an administrator already. Use `iam createsuperuser` in the server's terminal."
)


class SetupForm(Form):  # type: ignore[misc]
    """Who administers."""

    username = StringField("Username")
    email = StringField("E-mail address")
    password = PasswordField("Password")
    again = PasswordField("Password, once more")


@frozen
class Setup:
    """The page behind the link of a first start."""

    people: People
    sessions: Sessions
    visitors: Visitors
    theme: Theme
    settings: Settings
    key: ServerKey
    throttle: Throttle

    async def show(self, request: Request) -> Answer:
        """The form, for who has the link, as long as nobody administers."""
        await self._admit(request)
        return self._form(request, SetupForm())

    async def submit(self, request: Request) -> Answer:
        """Make the administrator, and log them in."""
        await self._admit(request)
        form = SetupForm(Fields(self.visitors.form(request, PURPOSE)))
        try:
            complain(again=DIFFERENT if form.password.data != form.again.data else None)
            user_id = await self.people.create_superuser(
                username=form.username.data or "",
                email=form.email.data or "",
                password=form.password.data or "",
                only_first=True,
                by=actors.setup(request.client_address),
            )
        except Invalid as invalid:
            forms.complain(form, invalid.complaints)
            return self._form(request, form, 400)
        log.info("first administrator: user {user_id}, {peer}", user_id=str(user_id), peer=request.client_address)
        before = self.visitors.cookie(request)
        cookie = await self.sessions.begin(before, user_id, address=request.client_address)
        return see_other("/applications", (cookies.setting(self.settings, cookie),) if cookie else ())

    async def _admit(self, request: Request) -> None:
        try:
            given = query_parameters(request).get("token", "")
        except ParameterError:
            given = ""
        same = compare_digest(given.encode(), setup_token(self.key).encode())
        if given and not same:
            await self.throttle.wrong(request.client_address)
        if not same or await self.people.users.superuser_exists():
            raise self.theme.refusal(403, "The setup is over", OVER)

    def _form(self, request: Request, form: SetupForm, status: int = 200) -> Answer:
        token, headers = self.visitors.welcome(request, PURPOSE)
        return self.theme.page(
            "setup.html", status, headers, form=form, csrf_token=token, setup_token=setup_token(self.key)
        )


def setup_token(key: ServerKey) -> str:
    """What the link carries: every server of a service prints the same one, and none stores it."""
    return credentials.compose(Kind.SETUP, key.derive("setup"))


def setup_link(issuer: str, key: ServerKey) -> str:
    """The address of the setup."""
    return f"{issuer}/setup?token={setup_token(key)}"
