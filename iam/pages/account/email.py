"""The page on which a person asks for another e-mail address, and those behind the links of its mails."""

from typing import Final

from twisted.logger import Logger
from wtforms import Form, StringField

from iam.browser import forms
from iam.browser.forms import Fields
from iam.browser.visitors import Stale
from iam.http.answers import Answer
from iam.http.request import Request
from iam.pages.account.holders import Holders
from iam.pages.links.doors import Doors, Opened
from iam.people.email_changes import EmailChanges
from iam.people.links import EMAIL_CHANGE, EMAIL_UNDO, TooMany
from iam.records import actor
from iam.records.invalid import Invalid
from iam.records.session import Session
from iam.service import service
from iam.throttles.throttle import Throttled

log = Logger()

PURPOSE: Final = "email"
MANY: Final = "Many mails went out for your account lately. Wait an hour, then try again."


class EmailForm(Form):  # type: ignore[misc]
    """The new address."""

    email = StringField("New e-mail address")


@service
class EmailPage:
    """The page /account/email, which mails a link to the new address."""

    holders: Holders
    changes: EmailChanges

    async def show(self, request: Request) -> Answer:
        """Shows the form to a person who has just logged in."""
        return self._show(request, await self.holders.recent(request), EmailForm())

    async def submit(self, request: Request) -> Answer:
        """Mails the link; the address stays what it is until that is used."""
        session, sent = await self.holders.receive(request, PURPOSE, recent=True)
        form = EmailForm(Fields(sent.fields))
        if sent.stale:
            return self._show(request, session, form, 403, stale=sent.stale)
        try:
            await self.changes.ask(
                session, form.email.data or "", actor.person(session.user_id, request.client_address)
            )
        except Invalid as invalid:
            forms.complain(form, invalid.complaints)
            return self._show(request, session, form, 400)
        except (TooMany, Throttled):
            forms.complain(form, {"email": MANY})
            return self._show(request, session, form, 429)
        return self._show(request, session, EmailForm(), asked=(form.email.data or "").strip())

    def _show(
        self,
        request: Request,
        session: Session,
        form: EmailForm,
        status: int = 200,
        *,
        asked: str | None = None,
        stale: Stale | None = None,
    ) -> Answer:
        token = self.holders.visitors.token(request, PURPOSE)
        return self.holders.page("email.html", session, status, form=form, asked=asked, stale=stale, csrf_token=token)


@service
class EmailChangePage:
    """The page /email behind the link to the new address, whose form changes it."""

    changes: EmailChanges
    doors: Doors

    async def show(self, request: Request) -> Answer:
        """Asks whether the address is the person's."""
        return self._show(request, await self.doors.open(request, EMAIL_CHANGE))

    async def submit(self, request: Request) -> Answer:
        """Changes the address."""
        opened = await self.doors.open(request, EMAIL_CHANGE)
        sent = self.doors.receive(request, opened)
        if sent.stale:
            return self._show(request, opened, 403, sent.stale)
        changed = await self.changes.change(opened.secret, request.client_address)
        if changed is None:
            raise await self.doors.ended(request, opened)
        log.info("address changed: user {user_id}", user_id=str(changed.user_id))
        return self.doors.theme.page("email_changed.html", link=opened.link)

    def _show(self, request: Request, opened: Opened, status: int = 200, stale: Stale | None = None) -> Answer:
        return self.doors.page(request, opened, "email_change.html", status, stale=stale)


@service
class EmailUndoPage:
    """The page /email/undo behind the link to the address before, whose form brings that back."""

    changes: EmailChanges
    doors: Doors

    async def show(self, request: Request) -> Answer:
        """Asks whether to undo the change."""
        return self._show(request, await self.doors.open(request, EMAIL_UNDO))

    async def submit(self, request: Request) -> Answer:
        """Undoes it, and logs everybody out of the account."""
        opened = await self.doors.open(request, EMAIL_UNDO)
        sent = self.doors.receive(request, opened)
        if sent.stale:
            return self._show(request, opened, 403, sent.stale)
        undone = await self.changes.undo(opened.secret, request.client_address)
        if undone is None:
            raise await self.doors.ended(request, opened)
        log.info("change of address undone: user {user_id}", user_id=str(undone.user_id))
        return self.doors.theme.page("email_undone.html", link=opened.link)

    def _show(self, request: Request, opened: Opened, status: int = 200, stale: Stale | None = None) -> Answer:
        return self.doors.page(request, opened, "email_undo.html", status, stale=stale)
