"""Invitations: the page behind the link, on which the person chooses a name and a password."""

from twisted.logger import Logger
from wtforms import Form, PasswordField, StringField

from iam.browser import forms
from iam.browser.forms import Fields
from iam.browser.visitors import Stale
from iam.http.answers import Answer, see_other
from iam.http.request import Request
from iam.pages.links.doors import Doors, Opened
from iam.pages.login.login import reset_done
from iam.people.links import INVITATION
from iam.people.new_passwords import NewPasswords, owner
from iam.records.invalid import Invalid
from iam.service import service

log = Logger()


class InvitationForm(Form):  # type: ignore[misc]
    """What an invited person adds to their account."""

    name = StringField("Name", description="As others may see it. You can leave it out.")
    password = PasswordField("Password")
    again = PasswordField("Password, once more")


@service
class InvitationPage:
    """The page /invitation behind the link: a name and a password, and then the login."""

    passwords: NewPasswords
    doors: Doors

    async def show(self, request: Request) -> Answer:
        """Shows the form to whoever has a good link."""
        opened = await self.doors.open(request, INVITATION)
        return self._show(request, opened, InvitationForm(name=owner(opened.link).name))

    async def submit(self, request: Request) -> Answer:
        """Sets the name and the password; nobody is logged in."""
        opened = await self.doors.open(request, INVITATION)
        sent = self.doors.receive(request, opened)
        form = InvitationForm(Fields(sent.fields))
        if sent.stale:
            return self._show(request, opened, form, 403, sent.stale)
        name, password = form.name.data or "", form.password.data or ""
        try:
            accepted = await self.passwords.accept(
                opened.link, opened.secret, name, password, form.again.data or "", request.client_address
            )
        except Invalid as invalid:
            forms.complain(form, invalid.complaints)
            return self._show(request, opened, form, 400)
        if accepted is None:
            raise await self.doors.ended(request, opened)
        log.info(
            "invitation accepted: user {user_id}, {peer}", user_id=str(accepted.user_id), peer=request.client_address
        )
        return see_other(reset_done("/account", request.base, first=True))

    def _show(
        self, request: Request, opened: Opened, form: Form, status: int = 200, stale: Stale | None = None
    ) -> Answer:
        return self.doors.page(request, opened, "invitation.html", status, form=form, stale=stale)
