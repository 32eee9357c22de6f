"""Relying parties are told of the ends of sessions, behind the browser's back (OpenID Connect Back-Channel Logout 1.0 §2.5)."""

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

INTERVAL: Final = 5.0  # seconds between two looks for what is to be tried again
AT_ONCE: Final = 128  # all over
FEW: Final = 4  # of one client at once
LENT: Final = timedelta(seconds=30)  # until another server may think that we have died
KEPT: Final = timedelta(days=1)  # that somebody who does not hear is told again
FAREWELL: Final = 2.0  # seconds that the end of the server waits for answers

SUCCESS: Final = range(200, 300)
BROKEN: Final = 500  # and above: not the token, the receiver is at fault

log = Logger()


class BackChannelLogout:
    """Takes notices out of the store and delivers them, each client's apart from all others'."""

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
        """Deliver what is due now, what will be, and what is written from now on."""
        self._notices.wake = self.look
        self._call.start(INTERVAL)

    def stop(self) -> Deferred[None]:
        """Take no more; what is under way has a moment to finish, and what does not is another server's."""
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
        """Begin with what is due, unless that is happening already."""
        self._again = True
        if not self._looking and self._stopped is None:
            self._looking = True
            Deferred.fromCoroutine(self._look())

    async def _look(self) -> None:
        """Take notices for as long as new ones are announced; log errors, so that the next look still happens."""
        try:
            while self._again and self._stopped is None:
                self._again = False
                await self._take()
        except (Rejected, Unavailable) as error:
            self._unread.add(str(error))
        except Exception:  # noqa: BLE001 - the next look must not be the last one
            log.failure("logout notices were not looked at")
        finally:
            self._looking = False

    async def _take(self) -> None:
        """Take as much as there is room for."""
        room = AT_ONCE - self._under_way.total()
        if room <= 0:
            return
        now = self._clock.now()
        notices = await self._notices.take(now, now + LENT, most=room, few=FEW, busy=list(self._under_way))
        for notice in notices:
            self._under_way[notice.client_id] += 1
            Deferred.fromCoroutine(self._deliver(notice))

    async def _deliver(self, notice: Notice) -> None:
        """Tell who is to be told; whatever goes wrong with it must not hold up others."""
        try:
            await self._attempt(notice)
        except (Rejected, Unavailable) as error:
            self._unkept.add(str(error))
        except Exception:  # noqa: BLE001 - it is lent, so there will be another attempt
            log.failure("a logout notice was not delivered")
        finally:
            self._finish(notice.client_id)

    async def _attempt(self, notice: Notice) -> None:
        """Post a logout token to the client, and store whether it arrived; a client that wants none any more counts as notified."""
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
        except Exception as error:  # noqa: BLE001 - what cannot be signed grows old as what is not heard
            log.failure("a logout token was not made")
            await self._failed(notice, uri, type(error).__name__, unreachable=False)
        else:
            await self._answered(notice, uri, status)

    async def _answered(self, notice: Notice, uri: str, status: int) -> None:
        """Judge the status of an answer: 200 to 299 is success (Back-Channel Logout §2.8), 500 and above is the client's own failure."""
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
        """There is room again."""
        self._under_way[client_id] -= 1
        self._under_way += Counter()  # without those that have none
        if self._stopped is None:
            self.look()
        elif not self._under_way.total() and not self._stopped.called:
            self._stopped.callback(None)

    async def _failed(self, notice: Notice, uri: str, reason: str, *, unreachable: bool) -> None:
        """Say so, and leave it to a later attempt."""
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
    """Says this in the log, with the reason and how often it was."""
    return lambda reason, count: log.warn(sentence, reason=reason, count=count)
