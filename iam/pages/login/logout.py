"""The end of a session, by the person's own wish or a relying party's (OpenID Connect RP-Initiated Logout 1.0)."""

from hashlib import sha256
from urllib.parse import urlencode

from attrs import frozen
from twisted.logger import Logger

from iam.browser import csrf
from iam.browser.accounts import Account, Accounts
from iam.browser.theme import Theme
from iam.browser.visitors import Stale, Visitors
from iam.clients import client_card
from iam.clients.refusals import Explanations
from iam.http.answers import Answer, AnswerNow, see_other
from iam.http.parameters import ParameterError, form_fields, query_parameters, query_text
from iam.http.request import Request
from iam.openid.logout_requests import PARAMETERS, LogoutError, LogoutRequest, LogoutRequests
from iam.pages.login.chooser import PATH as ACCOUNTS
from iam.pages.login.logging_out import Departures

log = Logger()

PATH = "/logout"
STAY = "stay"
REFUSED = (
    "The application that sent you here made a mistake, so nothing has changed. You can log out here yourself; tell the "
    "application's makers if it happens again."
)


@frozen
class Logout:
    """Asks, unless the request proves that it is about the session of this browser; ends that, and sends the person on."""

    visitors: Visitors
    theme: Theme
    requests: LogoutRequests
    departures: Departures
    refusals: Explanations

    async def show(self, request: Request) -> Answer:
        """A logout request, or a person who wants to leave. A link alone must not log anybody out."""
        asked = await self._read(request)
        accounts = await self.visitors.accounts(request)
        proven = next((account for account in accounts if self.requests.about(asked, account.session)), None)
        if proven is not None:
            return await self._end(request, asked, accounts, proven)
        if accounts.active is None:
            return self._answer_nobody(request, asked, accounts)
        return self._ask(request, asked, accounts.active)

    async def submit(self, request: Request) -> Answer:
        """The person decided. What comes from elsewhere goes on as a GET, with which browsers send the cookie (§2).

        Who leaves, for whom, and where to is what the page said; where that is something else by now, it is asked again.
        """
        if not from_our_form(request, self.theme):
            return see_other(address(read_elsewhere(request)))
        asked = await self._read(request)
        sent = self.visitors.receive(request, purpose(request))
        accounts = await self.visitors.accounts(request)
        if sent.stale:
            return self._ask_again(request, asked, accounts, sent.stale)
        if accounts.active is None:
            return self._answer_nobody(request, asked, accounts)
        if sent.fields.get("decision") == STAY:
            return self.theme.page("staying.html", session=accounts.active.session, client=asked.client)
        if not self.visitors.showed(sent.fields, digest(asked, accounts.active)):
            return self._ask(request, asked, accounts.active, changed=True)
        return await self._end(request, asked, accounts, accounts.active)

    def _ask(
        self,
        request: Request,
        asked: LogoutRequest,
        account: Account,
        *,
        changed: bool = False,
        stale: Stale | None = None,
    ) -> Answer:
        """Show the page that asks whether to log out."""
        return self.theme.page(
            "logout.html",
            403 if stale else 200,
            leaving=True,
            stale=stale,
            session=account.session,
            client=asked.client,
            destination_host=asked.destination and client_card.host_of(asked.destination),
            changed=changed,
            action=request.base + address(query_text(request)),
            csrf_token=self.visitors.token(request, purpose(request), shown=digest(asked, account)),
        )

    def _ask_again(self, request: Request, asked: LogoutRequest, accounts: Accounts, stale: Stale) -> Answer:
        """The question again, to who is logged in now; where nobody is, there is none."""
        if accounts.active is not None:
            return self._ask(request, asked, accounts.active, stale=stale)
        return self._show_logged_out(request, asked, accounts, 403, stale)

    async def _read(self, request: Request) -> LogoutRequest:
        """The logout request; an error page, and no redirect, for what cannot be one."""
        try:
            return await self.requests.read(query_parameters(request))
        except (ParameterError, LogoutError) as error:
            request.say(log, "logout request refused: {reason}", reason=str(error))
            error_uri = self.refusals.kept(PATH, error, request.client_address)
            raise AnswerNow(
                self.theme.page("logout_refused.html", 400, sentence=REFUSED, error_uri=error_uri)
            ) from None

    async def _end(self, request: Request, asked: LogoutRequest, accounts: Accounts, account: Account) -> Answer:
        """Let this account go; who else is logged in here is asked whether to go on."""
        onward = ACCOUNTS if list(accounts.without(account)) else PATH
        name = asked.client.name if asked.client and asked.destination else None
        return await self.departures.end(request, accounts, account, asked.destination or onward, name)

    def _answer_nobody(self, request: Request, asked: LogoutRequest, accounts: Accounts) -> Answer:
        """Nobody acts here: on to where the relying party wants, or a page that says so.

        To a place that somebody has registered for themselves, the person goes by a button: else anybody could lead whoever they
        like to wherever they like, by an address of ours.
        """
        if asked.destination is not None and asked.client is not None and not client_card.stranger(asked.client):
            return see_other(asked.destination)
        if asked.destination is None and list(accounts):
            return see_other(ACCOUNTS)
        return self._show_logged_out(request, asked, accounts)

    def _show_logged_out(
        self, request: Request, asked: LogoutRequest, accounts: Accounts, status: int = 200, stale: Stale | None = None
    ) -> Answer:
        """Show the page after a logout, with the link back to the client if there is one."""
        return self.theme.page(
            "logged_out.html",
            status,
            self.visitors.clear_foreign(request),
            destination=asked.destination,
            host=client_card.host_of(asked.destination) if asked.destination else None,
            others=bool(list(accounts)),
            stale=stale,
        )


def purpose(request: Request) -> str:
    """What the form's token is good for: this very request, and so what it leads to."""
    return "logout " + sha256(request.query).hexdigest()


def digest(asked: LogoutRequest, account: Account) -> str:
    """What the page says: who is logged out, who wants it, and where that leads."""
    client = asked.client and [asked.client.id, asked.client.name]
    return csrf.digest(str(account.session.id), account.session.username, client, asked.destination)


def address(query: str) -> str:
    """Our own address with this query."""
    return f"{PATH}?{query}" if query else PATH


def from_our_form(request: Request, theme: Theme) -> bool:
    """Does the person answer our question? A relying party's form has no token of ours."""
    try:
        return csrf.TOKEN_FIELD in form_fields(request)
    except ParameterError as error:
        raise AnswerNow(theme.error_of(error.status)) from None


def read_elsewhere(request: Request) -> str:
    """What a relying party's form asks for, as a query."""
    fields = form_fields(request)
    return urlencode([(name, fields[name]) for name in PARAMETERS if name in fields])
