"""The account chooser: who is logged in in this browser, and who of them acts (OpenID Connect Core §3.1.2.1, select_account)."""

from collections.abc import Awaitable, Callable

from attrs import frozen
from twisted.logger import Logger

from iam.accounts.sessions import Sessions
from iam.settings import Settings
from iam.web.accounts import Account, Accounts
from iam.web.addresses import leading_to, next_address
from iam.web.answers import Answer, see_other
from iam.web.request import Request
from iam.web.templates import Theme
from iam.web.visitors import Visitors

log = Logger()

PATH = "/accounts"
PURPOSE = "accounts"


@frozen
class Chooser:
    """Lists the accounts of this browser; `leads_to` says where the address behind it will send the browser."""

    sessions: Sessions
    visitors: Visitors
    theme: Theme
    settings: Settings
    leads_to: Callable[[str], Awaitable[str | None]]

    async def show(self, request: Request) -> Answer:
        """The accounts; who has none logs in."""
        address = next_address(request)
        accounts = await self.visitors.accounts(request)
        if not list(accounts):
            return see_other(leading_to("/login", address))
        token, headers = self.visitors.welcome(request, PURPOSE)
        return self.theme.page(
            "accounts.html",
            headers=headers,
            form_action=await self.leads_to(address),
            accounts=accounts,
            next=address,
            csrf_token=token,
        )

    async def submit(self, request: Request) -> Answer:
        """Let an account act from now on, or log it out."""
        fields = self.visitors.form(request, PURPOSE)
        accounts = await self.visitors.accounts(request)
        address = next_address(request)
        if account := accounts.known(fields.get("use")):
            headers = accounts.chosen(account).headers(self.settings, self.visitors.clock.now())
            return see_other(address, headers)
        if account := accounts.known(fields.get("log_out")):
            return await self._log_out(request, accounts, account, address)
        return see_other(leading_to(PATH, address))

    async def _log_out(self, request: Request, accounts: Accounts, account: Account, address: str) -> Answer:
        """End a session, and say who is still logged in: nobody else acts by themselves."""
        await self.sessions.end(account.secret, request.client_address)
        log.info("logout: {peer}", peer=request.client_address)
        remaining = accounts.without(account)
        headers = remaining.headers(self.settings, self.visitors.clock.now())
        return see_other(leading_to(PATH, address) if list(remaining) else "/", headers)
