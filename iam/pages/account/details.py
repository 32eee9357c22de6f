"""The page on which people change what is known of them here."""

from typing import Final

from twisted.logger import Logger
from wtforms import Form, StringField

from iam.browser import csrf, forms
from iam.browser.forms import Fields
from iam.browser.visitors import Stale
from iam.clock import Clock
from iam.http.answers import Answer, see_other
from iam.http.parameters import query_text
from iam.http.request import Request
from iam.pages.account.holders import Holders
from iam.people import details
from iam.people.details import CLAIMS, Details
from iam.records import actor
from iam.records.invalid import Invalid
from iam.records.session import Session
from iam.records.user import User
from iam.service import service
from iam.store import details as table
from iam.store.users import Users

log = Logger()

PATH: Final = "/account/details"
SAVED: Final = PATH + "?saved"
PURPOSE: Final = "details"


class DetailsForm(Form):  # type: ignore[misc]
    """The username, the name, and the claims that people may change."""

    username = StringField(
        "Username",
        description="With it you log in. Others may see it. To change it takes a login of the last ten minutes.",
    )
    name = StringField("Name", description="As you want to be called.")
    locale = StringField("Language", description="Such as en, de-AT or zh-Hant.")
    zoneinfo = StringField("Time zone", description="Such as Europe/Vienna.")
    given_name = StringField("Given name")
    family_name = StringField("Family name")
    nickname = StringField("Nickname")
    picture = StringField(
        "Picture", description="The https address of a picture. Applications may show it; we never load it."
    )
    website = StringField("Website", description="An https address.")
    gender = StringField("Gender")
    birthdate = StringField("Birthday", description="Such as 1990-12-31, 0000-12-31 without a year, or a year alone.")
    phone_number = StringField("Telephone number", description="With its country, such as +43 1 234567.")


@service
class DetailsPage:
    """The page /account/details."""

    holders: Holders
    users: Users
    table: table.Details
    clock: Clock

    async def show(self, request: Request) -> Answer:
        """Shows the details."""
        session = await self.holders.session(request)
        user = await self._user(session)
        return self._show(request, session, user, filled(details.of(user)), saved=query_text(request) == "saved")

    async def submit(self, request: Request) -> Answer:
        """Changes the details, if they still are those that the page showed; a username after a recent login alone."""
        session, sent = await self.holders.receive(request, PURPOSE)
        user, form = await self._user(session), DetailsForm(Fields(sent.fields))
        if sent.stale:
            return self._show(request, session, user, form, status=403, stale=sent.stale)
        if not self.holders.visitors.showed(sent.fields, digest(user)):
            return self._show(request, session, user, form, status=409, changed=True)
        by = actor.person(session.user_id, request.client_address)
        try:
            if read(form).username != user.username:
                await self.holders.recent(request, sent)
            stored = await details.change(self.table, self.clock, user, read(form), by)
        except Invalid as invalid:
            forms.complain(form, invalid.complaints)
            return self._show(request, session, user, form, status=400)
        if not stored:
            return self._show(request, session, await self._user(session), form, status=409, changed=True)
        log.info("details changed: user {user_id}", user_id=str(session.user_id))
        return see_other(SAVED)

    async def _user(self, session: Session) -> User:
        """Returns the account of the session. Raises AnswerNow, 404, if it was deleted a moment ago."""
        user = await self.users.by_id(session.user_id)
        if user is None:
            raise self.holders.theme.missing()
        return user

    def _show(
        self,
        request: Request,
        session: Session,
        user: User,
        form: DetailsForm,
        *,
        status: int = 200,
        changed: bool = False,
        saved: bool = False,
        stale: Stale | None = None,
    ) -> Answer:
        """Shows the form, and whether it was saved, changed meanwhile or sent too late."""
        token = self.holders.visitors.token(request, PURPOSE, shown=digest(user))
        return self.holders.page(
            "details.html",
            session,
            status,
            form=form,
            user=user,
            changed=changed,
            saved=saved,
            stale=stale,
            csrf_token=token,
        )


def filled(shown: Details) -> DetailsForm:
    """Returns the form with these details."""
    return DetailsForm(username=shown.username, name=shown.name, **shown.claims)


def read(form: DetailsForm) -> Details:
    """Returns what was typed."""
    typed = {name: (form[name].data or "").strip() for name in ("username", "name", *CLAIMS)}
    return Details(typed.pop("username"), typed.pop("name"), typed)


def digest(user: User) -> str:
    """Returns the digest of the details as the page shows them."""
    shown = details.of(user)
    return csrf.digest(shown.username, shown.name, shown.claims, user.updated_at.isoformat())
