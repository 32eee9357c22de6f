"""The delivery of logout notices from server to client, without the browser (OpenID Connect Back-Channel Logout 1.0 §2.5)."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from twisted.logger import Logger

from iam.clients.directory import Directory
from iam.clock import Clock
from iam.openid.logout_tokens import LogoutTokens
from iam.operations.lent_work import LentWork
from iam.outbound.destinations import FetchError
from iam.outbound.posting import Poster
from iam.reactor import Timer
from iam.records.logout_notice import Notice
from iam.store.logout_notices import LogoutNotices

FEW: Final = 4  # notices under way, of one client
LENT: Final = timedelta(seconds=30)  # after which another server may deliver a notice that we took
KEPT: Final = timedelta(days=1)  # that a notice is tried again

SUCCESS: Final = range(200, 300)
BROKEN: Final = 500  # and above: the fault is the receiver's, not the token's

log = Logger()


class BackChannelLogout(LentWork[Notice]):
    """Takes notices from the store and delivers them; a slow client does not hold up the others."""

    of = "logout notices"
    most = 128  # of all clients
    farewell = 2.0

    def __init__(
        self,
        reactor: Timer,
        notices: LogoutNotices,
        directory: Directory,
        tokens: LogoutTokens,
        poster: Poster,
        clock: Clock,
    ) -> None:
        super().__init__(reactor, notices)
        self._notices = notices
        self._directory = directory
        self._tokens = tokens
        self._poster = poster
        self._clock = clock

    async def take(self, room: int) -> Sequence[Notice]:
        """Takes due notices, few of each client."""
        now = self._clock.now()
        busy = {notice.client_id for notice in self._under_way}
        return await self._notices.take(now, now + LENT, most=room, few=FEW, busy=list(busy))

    async def attempt(self, notice: Notice) -> None:
        """Posts a logout token to the client, and stores whether it arrived; a client that wants none any more counts as notified."""
        client = await self._directory.find(notice.client_id)
        uri = client.backchannel_logout_uri if client is not None and client.enabled else None
        if client is None or uri is None:
            await self._notices.delivered(notice)
            return
        try:
            token = await self._tokens.issue(client, notice.user_id, notice.session_id, self._clock.now())
            status = await self._poster.post(uri, {"logout_token": token})
        except FetchError as error:
            await self._failed(notice, uri, str(error), unreachable=True)
        except Exception as error:  # noqa: BLE001 - a notice that cannot be signed expires like one that is not received
            log.failure("a logout token was not made")
            await self._failed(notice, uri, type(error).__name__, unreachable=False)
        else:
            await self._answered(notice, uri, status)

    async def _answered(self, notice: Notice, uri: str, status: int) -> None:
        """Judges the status of an answer: 200 to 299 is success (Back-Channel Logout §2.8), 500 and above is the client's own failure."""
        if status not in SUCCESS:
            await self._failed(notice, uri, f"the answer is {status}", unreachable=status >= BROKEN)
            return
        await self._notices.delivered(notice)
        log.info(
            "client told of a logout: {client_id}, attempt {attempt}",
            client_id=notice.client_id,
            attempt=notice.attempt,
        )

    async def _failed(self, notice: Notice, uri: str, reason: str, *, unreachable: bool) -> None:
        """Logs the failure, and stores it for a later attempt, or gives up."""
        now = self._clock.now()
        log.warn(
            "client not told of a logout: {client_id}, attempt {attempt}, {uri}: {reason}",
            client_id=notice.client_id,
            attempt=notice.attempt,
            uri=uri,
            reason=reason,
        )
        given_up = await self._notices.failed(notice, now, now - KEPT, unreachable=unreachable)
        if given_up:
            log.error("{count} logouts are given up: {client_id}", count=given_up, client_id=notice.client_id)
