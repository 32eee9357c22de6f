"""The logout that a person or a relying party asks for (OpenID Connect RP-Initiated Logout 1.0)."""

from hashlib import sha256
from urllib.parse import urlencode

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
from iam.service import service

log = Logger()

PATH = "/logout"
STAY = "stay"
REFUSED = (
    "The application that sent you here made a mistake, so nothing has changed. You can log out here yourself; tell "
    "the application's makers if it happens again."
)


@service
class Logout:
    """The logout page: ends a session and redirects the person.

    It asks first, unless the request proves that it is about a session of this browser.
    """

    visitors: Visitors
    theme: Theme
    requests: LogoutRequests
    departures: Departures
    refusals: Explanations

    async def show(self, request: Request) -> Answer:
        """Answers a logout request or a person who wants to log out. A link alone must not log anybody out."""
        asked = await self._read(request)
        accounts = await self.visitors.accounts(request)
        proven = next((account for account in accounts if self.requests.about(asked, account.session)), None)
        if proven is not None:
            return await self._end(request, asked, accounts, proven)
        if accounts.active is None:
            return self._answer_nobody(request, asked, accounts)
        return self._ask(request, asked, accounts.active)

    async def submit(self, request: Request) -> Answer:
        """Does what the person decided.

        Forms from elsewhere are redirected to a GET, with which browsers send the cookie (§2). If the account, the
        client or the destination differs from what the page said, it asks again.
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
        """Shows the page that asks whether to log out."""
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
        """Asks the person who is logged in now; if nobody is, shows the page after a logout."""
        if accounts.active is not None:
            return self._ask(request, asked, accounts.active, stale=stale)
        return self._show_logged_out(request, asked, accounts, 403, stale)

    async def _read(self, request: Request) -> LogoutRequest:
        """Returns the logout request. Raises AnswerNow with an error page, never a redirect, if it is not good."""
        try:
            return await self.requests.read(query_parameters(request))
        except (ParameterError, LogoutError) as error:
            request.say(log, "logout request refused: {reason}", reason=str(error))
            error_uri = self.refusals.kept(PATH, error, request.client_address)
            raise AnswerNow(
                self.theme.page("logout_refused.html", 400, sentence=REFUSED, error_uri=error_uri)
            ) from None

    async def _end(self, request: Request, asked: LogoutRequest, accounts: Accounts, account: Account) -> Answer:
        """Ends this account's session; goes on to the destination, or to the other accounts, or back to this page."""
        onward = ACCOUNTS if list(accounts.without(account)) else PATH
        name = asked.client.name if asked.client and asked.destination else None
        return await self.departures.end(request, accounts, account, asked.destination or onward, name)

    def _answer_nobody(self, request: Request, asked: LogoutRequest, accounts: Accounts) -> Answer:
        """Answers a request without an active account: redirects to the destination, or shows a page.

        To the destination of a client that nobody here answers for, the person goes by a button. Otherwise anybody
        could lead people to any address by a link to this server.
        """
        if asked.destination is not None and asked.client is not None and not client_card.stranger(asked.client):
            return see_other(asked.destination)
        if asked.destination is None and list(accounts):
            return see_other(ACCOUNTS)
        return self._show_logged_out(request, asked, accounts)

    def _show_logged_out(
        self, request: Request, asked: LogoutRequest, accounts: Accounts, status: int = 200, stale: Stale | None = None
    ) -> Answer:
        """Shows the page after a logout, with the link back to the client if there is one."""
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
    """Returns the purpose of the form's token, which is good for this query only."""
    return "logout " + sha256(request.query).hexdigest()


def digest(asked: LogoutRequest, account: Account) -> str:
    """Returns the digest of what the page says: the session and its person, the client, and the destination."""
    client = asked.client and [asked.client.id, asked.client.name]
    return csrf.digest(str(account.session.id), account.session.username, client, asked.destination)


def address(query: str) -> str:
    """Returns the address of this page with this query."""
    return f"{PATH}?{query}" if query else PATH


def from_our_form(request: Request, theme: Theme) -> bool:
    """Whether the form is ours: a relying party's form has no token. Raises AnswerNow for a malformed form."""
    try:
        return csrf.TOKEN_FIELD in form_fields(request)
    except ParameterError as error:
        raise AnswerNow(theme.error_of(error.status)) from None


def read_elsewhere(request: Request) -> str:
    """Returns the parameters of a relying party's form as a query."""
    fields = form_fields(request)
    return urlencode([(name, fields[name]) for name in PARAMETERS if name in fields])
