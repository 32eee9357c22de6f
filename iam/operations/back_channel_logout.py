"""The delivery of logout notices from server to client, without the browser (OpenID Connect Back-Channel Logout 1.0 §2.5)."""

from collections import Counter
from datetime import timedelta
from typing import Final

from twisted.internet.defer import Deferred
from twisted.internet.defer import TimeoutError as TimedOut
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from iam.clients.directory import Directory
from iam.clock import Clock
from iam.database.errors import Rejected, Unavailable
from iam.openid.logout_tokens import LogoutTokens
from iam.outbound.destinations import FetchError
from iam.outbound.posting import Poster
from iam.reactor import Timer
from iam.records.logout_notice import Notice
from iam.recurring import Recurring, Say
from iam.store.logout_notices import LogoutNotices

INTERVAL: Final = 5.0  # seconds between two checks for notices that are due again
AT_ONCE: Final = 128  # notices under way, of all clients
FEW: Final = 4  # notices under way, of one client
LENT: Final = timedelta(seconds=30)  # after which another server may deliver a notice that we took
KEPT: Final = timedelta(days=1)  # that a notice is tried again
FAREWELL: Final = 2.0  # seconds that a stopping server waits for answers

SUCCESS: Final = range(200, 300)
BROKEN: Final = 500  # and above: the fault is the receiver's, not the token's

log = Logger()


class BackChannelLogout:
    """Takes notices from the store and delivers them; a slow client does not hold up the others."""

    def __init__(
        self,
        reactor: Timer,
        notices: LogoutNotices,
        directory: Directory,
        tokens: LogoutTokens,
        poster: Poster,
        clock: Clock,
    ) -> None:
        self._reactor = reactor
        self._notices = notices
        self._directory = directory
        self._tokens = tokens
        self._poster = poster
        self._clock = clock
        self._under_way: Counter[str] = Counter()
        self._unread = Recurring(reactor, saying("logout notices cannot be read: {reason} (times: {count})"))
        self._unkept = Recurring(reactor, saying("logout notices cannot be put away: {reason} (times: {count})"))
        self._looking = False
        self._again = False
        self._stopped: Deferred[None] | None = None
        self._call = LoopingCall(self.look)
        self._call.clock = reactor

    def start(self) -> None:
        """Delivers the notices that are due, now and every INTERVAL seconds, and new ones as they are written."""
        self._notices.wake = self.look
        self._call.start(INTERVAL)

    def stop(self) -> Deferred[None]:
        """Takes no more notices, and waits FAREWELL seconds for those under way; another server delivers those that do not finish."""
        if self._call.running:
            self._call.stop()
        self._unread.stop()
        self._unkept.stop()
        self._stopped = Deferred()
        if not self._under_way.total():
            self._stopped.callback(None)
        stopped = self._stopped.addTimeout(FAREWELL, self._reactor)
        return stopped.addErrback(lambda failure: failure.trap(TimedOut) and None)

    def look(self) -> None:
        """Begins to take due notices, or has the round that is under way look once more."""
        self._again = True
        if not self._looking and self._stopped is None:
            self._looking = True
            Deferred.fromCoroutine(self._look())

    async def _look(self) -> None:
        """Takes notices for as long as new ones are announced; logs errors, so that the next look still happens."""
        try:
            while self._again and self._stopped is None:
                self._again = False
                await self._take()
        except (Rejected, Unavailable) as error:
            self._unread.add(str(error))
        except Exception:  # noqa: BLE001 - whatever fails, the next round must take place
            log.failure("logout notices were not looked at")
        finally:
            self._looking = False

    async def _take(self) -> None:
        """Takes as many notices as there is room for, and begins to deliver them."""
        room = AT_ONCE - self._under_way.total()
        if room <= 0:
            return
        now = self._clock.now()
        notices = await self._notices.take(now, now + LENT, most=room, few=FEW, busy=list(self._under_way))
        for notice in notices:
            self._under_way[notice.client_id] += 1
            Deferred.fromCoroutine(self._deliver(notice))

    async def _deliver(self, notice: Notice) -> None:
        """Delivers one notice; an error is logged and holds up no other notice."""
        try:
            await self._attempt(notice)
        except (Rejected, Unavailable) as error:
            self._unkept.add(str(error))
        except Exception:  # noqa: BLE001 - the notice is only lent, so another attempt follows
            log.failure("a logout notice was not delivered")
        finally:
            self._finish(notice.client_id)

    async def _attempt(self, notice: Notice) -> None:
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

    def _finish(self, client_id: str) -> None:
        """Counts the end of a delivery, and takes more notices or reports that the last one is done."""
        self._under_way[client_id] -= 1
        self._under_way += Counter()  # drops clients at zero
        if self._stopped is None:
            self.look()
        elif not self._under_way.total() and not self._stopped.called:
            self._stopped.callback(None)

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


def saying(sentence: str) -> Say:
    """Returns a function that logs this sentence with a reason and a count."""
    return lambda reason, count: log.warn(sentence, reason=reason, count=count)
