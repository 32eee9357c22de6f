"""The page on which a person who can read the server's terminal makes the first administrator, once."""

from twisted.logger import Logger
from wtforms import Form, PasswordField, StringField

from iam.administration import people
from iam.administration.administration import Administration
from iam.browser import cookies, forms, user_agents
from iam.browser.forms import Fields
from iam.browser.theme import Theme
from iam.browser.visitors import Stale, Visitors
from iam.http.answers import Answer, Script, see_other
from iam.http.parameters import ParameterError, query_parameters
from iam.http.request import Request
from iam.people.new_passwords import different
from iam.people.sessions import BrowserSessions
from iam.people.setup import SetupLinks
from iam.records import actor
from iam.records.invalid import Invalid, complain
from iam.secrets import minted
from iam.service import service
from iam.settings import Settings
from iam.throttles.throttle import Throttle

log = Logger()

PURPOSE = "setup"
OVER = (
    "The link is good for a day, but only until the server restarts or there is an administrator. If there is one, log "
    "in. Otherwise restart the server for another link, or use the command iam createsuperuser there."
)


class SetupForm(Form):  # type: ignore[misc]
    """The administrator's username, e-mail address and password."""

    username = StringField("Username")
    email = StringField("E-mail address")
    password = PasswordField("Password")
    again = PasswordField("Password, once more")


@service
class SetupPage:
    """The page behind the link that the server prints at start while there is no administrator."""

    administration: Administration
    sessions: BrowserSessions
    visitors: Visitors
    theme: Theme
    settings: Settings
    links: SetupLinks
    throttle: Throttle

    async def show(self, request: Request) -> Answer:
        """Shows the form to a person with the link, as long as there never was an administrator."""
        return self._show(request, await self._admit(request), SetupForm())

    async def submit(self, request: Request) -> Answer:
        """Makes the administrator, and logs them in."""
        link = await self._admit(request)
        sent = self.visitors.receive(request, PURPOSE)
        form = SetupForm(Fields(sent.fields))
        if sent.stale:
            return self._show(request, link, form, 403, sent.stale)
        try:
            complain(again=different(form.password.data or "", form.again.data or ""))
            user = await people.create_administrator(
                self.administration,
                username=form.username.data or "",
                email=form.email.data or "",
                password=form.password.data or "",
                setup=minted.digest(link),
                by=actor.setup(request.client_address),
            )
        except Invalid as invalid:
            forms.complain(form, invalid.complaints)
            return self._show(request, link, form, 400)
        log.info("first administrator: user {user_id}, {peer}", user_id=str(user.id), peer=request.client_address)
        before = self.visitors.cookie(request)
        cookie = await self.sessions.begin(
            before, user.id, address=request.client_address, device=user_agents.device(request)
        )
        return see_other("/applications", (cookies.set_session(self.settings, cookie),) if cookie else ())

    async def _admit(self, request: Request) -> str:
        """Returns the secret in the link. Raises AnswerNow, 403, if it is not good; wrong ones are throttled."""
        try:
            given = query_parameters(request).get("token", "")
        except ParameterError:
            given = ""
        if given:
            self.throttle.look_up(request.client_address)
        good = await self.links.good(given)
        if given and not good:
            await self.throttle.wrong(request.client_address)
        if not good:
            raise self.theme.refusal(403, "The setup is over", OVER)
        return given

    def _show(
        self, request: Request, link: str, form: SetupForm, status: int = 200, stale: Stale | None = None
    ) -> Answer:
        """Shows the form, which has the link's token."""
        token, headers = self.visitors.welcome(request, PURPOSE)
        return self.theme.page(
            "setup.html",
            status,
            headers,
            script=Script.PLAIN,
            stale=stale,
            form=form,
            csrf_token=token,
            setup_token=link,
        )
