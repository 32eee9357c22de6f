"""The beginning of a session in a browser, by whatever its person has proved who they are (H17)."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from attrs import field, frozen

from iam.browser import cookies, user_agents
from iam.browser.accounts import others_header
from iam.browser.addresses import leading_to, next_address
from iam.browser.visitors import Visitors
from iam.http.answers import AnswerNow, Headers, see_other
from iam.http.request import Request
from iam.people.logins import Logins
from iam.people.sessions import BrowserSessions
from iam.records.acr import PASSWORD
from iam.records.login_device import LoginDevice
from iam.secrets import minted
from iam.secrets.minted import Kind
from iam.service import service
from iam.store.pending_logins import PendingLogins

KEEP_ACCOUNT: Final = "/account/data/keep"  # asks somebody who wanted their account deleted
PENDING: Final = 600  # seconds within which a missing factor must be proved


@frozen
class Proof:
    """Who has proved at `auth_time` who they are, and how: by the methods `amr` (RFC 8176).

    `remembered`: the session is to outlive the browser. `pending` is the secret of the login that lacked a factor until
    now. `until` is the end of the session that goes on with more factors; none: it is a new one. `mark` is the one that
    the browser's device cookie keeps for the person; none: it gets a new one.
    """

    user_id: UUID
    auth_time: datetime
    amr: Sequence[str] = (PASSWORD,)
    remembered: bool = False
    pending: str | None = field(default=None, repr=False)
    until: datetime | None = None
    mark: str | None = field(default=None, repr=False)


@service
class Beginnings:
    """Begins sessions, and the logins that still lack a factor, and sets the cookies of both.

    `to_be_deleted` returns when an account goes because its person wants it, or None.
    """

    sessions: BrowserSessions
    pending: PendingLogins
    visitors: Visitors
    logins: Logins
    to_be_deleted: Callable[[UUID], Awaitable[datetime | None]]

    async def begin(self, request: Request, proof: Proof) -> tuple[str, Headers] | None:
        """Begins a session in place of this person's session here, and returns its secret and the cookies.

        The account that was active becomes one of the others; sessions for which the cookies have no room end. None if
        the person is disabled, or if the pending login is over. Raises AnswerNow, which sets the cookies, for an account
        that is to be deleted: its person is asked whether to keep it.
        """
        accounts = await self.visitors.accounts(request)
        replaced = accounts.of(proof.user_id)
        cookie = await self.sessions.begin(
            replaced[0].secret if replaced else None,
            proof.user_id,
            auth_time=proof.auth_time,
            remembered=proof.remembered,
            address=request.client_address,
            device=self._browser(request, proof.user_id),
            amr=proof.amr,
            pending=proof.pending,
            until=proof.until,
        )
        if cookie is None:
            return None
        others = accounts.beside(proof.user_id)
        for account in replaced[1:] + others[cookies.MOST :]:
            await self.sessions.end(account.secret, request.client_address)
        settings, now = self.visitors.settings, self.visitors.clock.now()
        headers = [cookies.set_session(settings, cookie, self._age(proof, now))]
        if others or accounts.others:
            headers.append(others_header(settings, others[: cookies.MOST], now))
        if proof.pending:
            headers.append(cookies.set_login(settings, "", 0))
        headers.append(self._device(request, proof))
        if await self.to_be_deleted(proof.user_id):
            raise AnswerNow(see_other(leading_to(KEEP_ACCOUNT, next_address(request), request.base), tuple(headers)))
        return cookie, tuple(headers)

    async def postpone(self, request: Request, proof: Proof) -> Headers | None:
        """Stores a login that still lacks a factor, and returns its cookie; None if the person is disabled."""
        secret, now = minted.mint(Kind.PENDING_LOGIN), self.visitors.clock.now()
        begun = await self.pending.begin(
            digest=minted.digest(secret),
            user_id=proof.user_id,
            auth_time=proof.auth_time,
            remembered=proof.remembered,
            amr=proof.amr,
            now=now,
            expires_at=now + timedelta(seconds=PENDING),
            address=request.client_address,
        )
        return (cookies.set_login(self.visitors.settings, secret, PENDING),) if begun else None

    def _age(self, proof: Proof, now: datetime) -> int | None:
        """Returns the seconds that the browser keeps the cookie; None until it closes."""
        if not proof.remembered:
            return None
        return int((proof.until - now).total_seconds()) if proof.until else self.sessions.lifetime(remembered=True)

    def _browser(self, request: Request, user_id: UUID) -> LoginDevice:
        """Returns the browser, and whether the account has logged in there before."""
        known = self.logins.knows(user_id, cookies.read_devices(request, self.visitors.settings))
        return user_agents.device(request, known=known)

    def _device(self, request: Request, proof: Proof) -> tuple[bytes, bytes]:
        """Returns the cookie that tells later that this account has logged in in this browser."""
        settings = self.visitors.settings
        kept = self.logins.of_others(proof.user_id, cookies.read_devices(request, settings))
        return cookies.set_devices(settings, (proof.mark or self.logins.device(proof.user_id), *kept))
