"""The account chooser: which account of this browser is active (OpenID Connect Core §3.1.2.1, select_account)."""

from collections.abc import Callable

from iam.browser.addresses import leading_to, next_address
from iam.browser.theme import Theme
from iam.browser.visitors import Stale, Visitors
from iam.http.answers import Answer, see_other
from iam.http.request import Request
from iam.pages.login.logging_out import Departures
from iam.service import service
from iam.settings import Settings

PATH = "/accounts"
PURPOSE = "accounts"


@service
class Chooser:
    """The page of this browser's accounts; `after_choice` adds a mark of the choice to the address that follows."""

    visitors: Visitors
    theme: Theme
    departures: Departures
    after_choice: Callable[[str, str], str]
    settings: Settings

    async def show(self, request: Request) -> Answer:
        """Shows the accounts, or leads to the login page if there are none."""
        return await self._list(request)

    async def _list(self, request: Request, status: int = 200, stale: Stale | None = None) -> Answer:
        """Shows the accounts of this browser to choose from; without any, redirects to the login page."""
        address = next_address(request)
        accounts = await self.visitors.accounts(request)
        if not list(accounts):
            return see_other(leading_to("/login", address, request.base))
        token, headers = self.visitors.welcome(request, PURPOSE)
        return self.theme.page(
            "accounts.html",
            status,
            headers,
            stale=stale,
            leaving=True,
            accounts=accounts,
            next=request.base + address,
            csrf_token=token,
        )

    async def submit(self, request: Request) -> Answer:
        """Makes an account the active one, or logs it out."""
        sent = self.visitors.receive(request, PURPOSE)
        if sent.stale:
            return await self._list(request, 403, sent.stale)
        fields = sent.fields
        accounts = await self.visitors.accounts(request)
        address = next_address(request)
        if account := accounts.find(fields.get("use")):
            headers = accounts.choose(account).headers(self.settings, self.visitors.clock.now())
            return see_other(self.after_choice(address, account.secret), headers)
        if account := accounts.find(fields.get("log_out")):
            onward = leading_to(PATH, address, request.base) if list(accounts.without(account)) else "/"
            return await self.departures.end(request, accounts, account, onward)
        return see_other(leading_to(PATH, address, request.base))
