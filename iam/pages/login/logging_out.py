"""The end of a session in a browser, and the front-channel notice to relying parties."""

from twisted.logger import Logger

from iam.browser.accounts import Account, Accounts
from iam.browser.theme import Theme
from iam.browser.visitors import Visitors
from iam.http.answers import Answer, see_other
from iam.http.request import Request
from iam.openid.front_channel import FrontChannel
from iam.people.sessions import BrowserSessions
from iam.service import service
from iam.settings import Settings

log = Logger()


@service
class Departures:
    """Ends sessions of a browser."""

    sessions: BrowserSessions
    visitors: Visitors
    theme: Theme
    front_channel: FrontChannel
    settings: Settings

    async def end(
        self, request: Request, accounts: Accounts, account: Account, destination: str, client_name: str | None = None
    ) -> Answer:
        """Ends this account's session, removes its cookie and redirects to the destination.

        If it was the active account, no other one becomes active. If relying parties want to be told in the browser
        (OpenID Connect Front-Channel Logout 1.0 §3), a page loads their pages for a moment first.
        """
        ended = await self.sessions.end(account.secret, request.client_address)
        log.info("logout: {peer}", peer=request.client_address)
        headers = accounts.without(account).headers(self.settings, self.visitors.clock.now())
        frames = await self.front_channel.addresses(ended) if ended else []
        if not frames:
            return see_other(destination, headers)
        return self.theme.page(
            "logging_out.html",
            headers=headers,
            framing=True,
            frames=frames,
            destination=request.base + destination if destination.startswith("/") else destination,
            client_name=client_name,
        )
