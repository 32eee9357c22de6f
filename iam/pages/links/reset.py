"""Forgotten passwords: the page that asks for a link, and the one behind it (H22)."""

from twisted.logger import Logger
from wtforms import Form, PasswordField, StringField

from iam.browser import forms
from iam.browser.addresses import next_address
from iam.browser.forms import Fields
from iam.browser.theme import Theme
from iam.browser.visitors import Stale, Visitors
from iam.http.answers import Answer, see_other
from iam.http.request import Request
from iam.pages.links.doors import Doors, Opened
from iam.pages.login.login import reset_done
from iam.people.links import RESET
from iam.people.new_passwords import NewPasswords
from iam.records.invalid import Invalid
from iam.service import service
from iam.throttles.beat import Beat

log = Logger()

PURPOSE = "reset request"
NAMELESS = "Give your username or your e-mail address."


class ResetForm(Form):  # type: ignore[misc]
    """Who has forgotten their password."""

    login = StringField("Username or e-mail address")


class NewPasswordForm(Form):  # type: ignore[misc]
    """A new password, typed twice."""

    password = PasswordField("New password")
    again = PasswordField("New password, once more")


@service
class ResetPage:
    """The page /reset, which mails a link, and says the same whether there is such an account or not (H15)."""

    passwords: NewPasswords
    visitors: Visitors
    theme: Theme
    beat: Beat

    async def show(self, request: Request) -> Answer:
        """Shows the form."""
        return self._show(request, ResetForm())

    async def submit(self, request: Request) -> Answer:
        """Mails the link, if there is somebody to mail it to."""
        came = self.beat.begin()
        sent = self.visitors.receive(request, PURPOSE)
        form = ResetForm(Fields(sent.fields))
        if sent.stale:
            return self._show(request, form, 403, sent.stale)
        if not (form.login.data or "").strip():
            form.login.errors = [NAMELESS]
            return self._show(request, form, 400)
        address = next_address(request)
        await self.passwords.ask(form.login.data, address, request.client_address)
        await self.beat.keep(came)
        return self.theme.page("reset_sent.html", login=form.login.data, next=request.base + address)

    def _show(self, request: Request, form: Form, status: int = 200, stale: Stale | None = None) -> Answer:
        token, headers = self.visitors.welcome(request, PURPOSE)
        address = request.base + next_address(request)
        return self.theme.page("reset.html", status, headers, form=form, stale=stale, next=address, csrf_token=token)


@service
class NewPasswordPage:
    """The page /reset/password behind the link: a new password, and then the login."""

    passwords: NewPasswords
    doors: Doors

    async def show(self, request: Request) -> Answer:
        """Shows the form to whoever has a good link."""
        return self._show(request, await self.doors.open(request, RESET), NewPasswordForm())

    async def submit(self, request: Request) -> Answer:
        """Sets the password; everything that the old one opened ends, and nobody is logged in."""
        opened = await self.doors.open(request, RESET)
        sent = self.doors.receive(request, opened)
        form = NewPasswordForm(Fields(sent.fields))
        if sent.stale:
            return self._show(request, opened, form, 403, sent.stale)
        try:
            changed = await self.passwords.reset(
                opened.link, opened.secret, form.password.data or "", form.again.data or "", request.client_address
            )
        except Invalid as invalid:
            forms.complain(form, invalid.complaints)
            return self._show(request, opened, form, 400)
        if changed is None:
            raise await self.doors.ended(request, opened)
        log.info("password reset: user {user_id}, {peer}", user_id=str(changed.user_id), peer=request.client_address)
        return see_other(reset_done(opened.link.next, request.base))

    def _show(
        self, request: Request, opened: Opened, form: Form, status: int = 200, stale: Stale | None = None
    ) -> Answer:
        return self.doors.page(request, opened, "reset_password.html", status, form=form, stale=stale)
