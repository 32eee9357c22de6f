"""The page on which a person changes their password, soon after a login."""

from typing import Final

from twisted.logger import Logger
from wtforms import BooleanField, Form, PasswordField

from iam.browser import cookies, forms, user_agents
from iam.browser.forms import Fields
from iam.browser.visitors import Stale
from iam.http.answers import Answer, Script, see_other
from iam.http.request import Request
from iam.pages.account.holders import Holders
from iam.people.own_passwords import Ending, OwnPasswords
from iam.records import actor
from iam.records.invalid import Invalid
from iam.records.session import Session
from iam.service import service

log = Logger()

PURPOSE: Final = "password"
CHANGED: Final = "/account/password/changed"


class PasswordForm(Form):  # type: ignore[misc]
    """The new password, typed twice, and what else ends."""

    password = PasswordField("New password")
    again = PasswordField("New password, once more")
    sessions = BooleanField("Log out everywhere else", default=True)
    applications = BooleanField("End the access of applications: they have to ask again", default=True)
    tokens = BooleanField("End the access tokens that I made myself", default=False)


@service
class PasswordPage:
    """The page /account/password."""

    holders: Holders
    passwords: OwnPasswords

    async def show(self, request: Request) -> Answer:
        """Shows the form to a person who has just logged in; others log in again first."""
        return self._show(request, await self.holders.recent(request), PasswordForm())

    async def submit(self, request: Request) -> Answer:
        """Changes the password, and ends what the person chose."""
        session, sent = await self.holders.receive(request, PURPOSE, recent=True)
        form = PasswordForm(Fields(sent.fields))
        if sent.stale:
            return self._show(request, session, form, 403, sent.stale)
        try:
            cookie = await self._change(request, session, form)
        except Invalid as invalid:
            forms.complain(form, invalid.complaints)
            return self._show(request, session, form, 400)
        if cookie is None:
            return see_other("/login?next=" + request.base + "/account/password")
        log.info("password changed: user {user_id}", user_id=str(session.user_id))
        visitors = self.holders.visitors
        age = int((session.expires_at - visitors.clock.now()).total_seconds()) if session.remembered else None
        return see_other(CHANGED, (cookies.set_session(visitors.settings, cookie, age),))

    async def done(self, request: Request) -> Answer:
        """Says that the password is changed."""
        return self.holders.page("password_changed.html", await self.holders.session(request))

    async def _change(self, request: Request, session: Session, form: PasswordForm) -> str | None:
        ending = Ending(form.sessions.data, form.applications.data, form.tokens.data)
        by, device = actor.person(session.user_id, request.client_address), user_agents.device(request).words
        typed = (form.password.data or "", form.again.data or "")
        return await self.passwords.change(session, typed, ending, device, by)

    def _show(
        self, request: Request, session: Session, form: PasswordForm, status: int = 200, stale: Stale | None = None
    ) -> Answer:
        token = self.holders.visitors.token(request, PURPOSE)
        return self.holders.page(
            "password.html", session, status, script=Script.PLAIN, form=form, stale=stale, csrf_token=token
        )
