"""Sign-up: the page that asks for an e-mail address, and the one behind the link, which makes the account."""

from collections.abc import Callable
from typing import Final
from uuid import UUID

from twisted.logger import Logger
from wtforms import Form, PasswordField, StringField

from iam.browser import forms
from iam.browser.addresses import next_address
from iam.browser.forms import Fields
from iam.browser.theme import Theme
from iam.browser.visitors import Stale, Visitors
from iam.http.answers import Answer, AnswerNow, see_other
from iam.http.request import Request
from iam.pages.links.doors import Doors, Opened
from iam.pages.login.beginning import Beginnings, Proof
from iam.people.links import SIGN_UP
from iam.people.sign_ups import SignUps
from iam.records.invalid import Invalid
from iam.service import service
from iam.throttles.beat import Beat

log = Logger()

PURPOSE: Final = "sign-up"
OPEN: Final = "open"


class SignUpForm(Form):  # type: ignore[misc]
    """Where to send the link."""

    email = StringField("E-mail address")


class AccountForm(Form):  # type: ignore[misc]
    """What a new account needs besides its address, which the link proves."""

    username = StringField("Username", description="You can log in with it, or with your e-mail address.")
    name = StringField("Name", description="As others may see it. You can leave it out.")
    password = PasswordField("Password")
    again = PasswordField("Password, once more")


@service
class SignUpPage:
    """The page /signup, which mails a link, and says the same whether there is an account with the address or not (H15).

    `policy` is who may make an account.
    """

    sign_ups: SignUps
    visitors: Visitors
    theme: Theme
    beat: Beat
    policy: str

    async def show(self, request: Request) -> Answer:
        """Shows the form, where everybody may make an account."""
        self.admit()
        return self._show(request, SignUpForm())

    async def submit(self, request: Request) -> Answer:
        """Mails the link, or that there is an account with this address."""
        came = self.beat.begin()
        self.admit()
        sent = self.visitors.receive(request, PURPOSE)
        form = SignUpForm(Fields(sent.fields))
        if sent.stale:
            return self._show(request, form, 403, sent.stale)
        try:
            await self.sign_ups.ask(form.email.data or "", next_address(request), request.client_address)
        except Invalid as invalid:
            forms.complain(form, invalid.complaints)
            return self._show(request, form, 400)
        await self.beat.keep(came)
        return self.theme.page("signup_sent.html", email=form.email.data)

    def admit(self) -> None:
        """Raises AnswerNow, 403, unless everybody may make an account."""
        if self.policy != OPEN:
            raise AnswerNow(self.theme.page("signup_refused.html", 403))

    def _show(self, request: Request, form: Form, status: int = 200, stale: Stale | None = None) -> Answer:
        token, headers = self.visitors.welcome(request, PURPOSE)
        address = request.base + next_address(request)
        return self.theme.page("signup.html", status, headers, form=form, stale=stale, next=address, csrf_token=token)


@service
class NewAccountPage:
    """The page /signup/account behind the link: it makes the account, logs in, and leads to where the person came from.

    `after_login` adds a mark of the login to that address.
    """

    sign_ups: SignUps
    doors: Doors
    asking: SignUpPage
    beginnings: Beginnings
    after_login: Callable[[str, str], str]

    async def show(self, request: Request) -> Answer:
        """Shows the form to whoever has a good link."""
        self.asking.admit()
        return self._show(request, await self.doors.open(request, SIGN_UP), AccountForm())

    async def submit(self, request: Request) -> Answer:
        """Makes the account, and begins a session."""
        self.asking.admit()
        opened = await self.doors.open(request, SIGN_UP)
        sent = self.doors.receive(request, opened)
        form = AccountForm(Fields(sent.fields))
        if sent.stale:
            return self._show(request, opened, form, 403, sent.stale)
        try:
            user_id = await self._make(request, opened, form)
        except Invalid as invalid:
            forms.complain(form, invalid.complaints)
            return self._show(request, opened, form, 400)
        if user_id is None:
            raise await self.doors.ended(request, opened)
        log.info("account made: user {user_id}, {peer}", user_id=str(user_id), peer=request.client_address)
        begun = await self.beginnings.begin(request, Proof(user_id, self.asking.visitors.clock.now()))
        if begun is None:
            raise await self.doors.ended(request, opened)
        cookie, headers = begun
        return see_other(self.after_login(opened.link.next, cookie), headers)

    async def _make(self, request: Request, opened: Opened, form: AccountForm) -> UUID | None:
        """Makes the account and returns its id; None if the link has ended. Raises Invalid."""
        return await self.sign_ups.make(
            opened.link,
            opened.secret,
            username=form.username.data or "",
            name=form.name.data or "",
            password=form.password.data or "",
            again=form.again.data or "",
            address=request.client_address,
        )

    def _show(
        self, request: Request, opened: Opened, form: Form, status: int = 200, stale: Stale | None = None
    ) -> Answer:
        return self.doors.page(request, opened, "signup_account.html", status, leaving=True, form=form, stale=stale)
