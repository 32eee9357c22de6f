"""The sending of mail that waits in the outbox; whoever has something to tell does not wait for it."""

import re
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from twisted.internet.defer import Deferred
from twisted.internet.defer import TimeoutError as TimedOut
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from iam.clock import Clock
from iam.database.errors import Rejected, Unavailable
from iam.operations.messages import Messages, Unwritable, expiry
from iam.outbound.mail import Carrier, NotSent
from iam.reactor import Timer
from iam.records.mail import Letter, Mail
from iam.recurring import Recurring, Say
from iam.store.outbox import Outbox

INTERVAL: Final = 5.0  # seconds between two checks for mail that is due again
AT_ONCE: Final = 3  # letters under way: some mail servers take no more connections
LENT: Final = timedelta(
    minutes=2
)  # after which another server may send a mail that we took; longer than one attempt takes
KEPT: Final = timedelta(days=1)  # that a mail is tried again
FIRST: Final = timedelta(seconds=10)  # the pause after the first attempt, which doubles
LONGEST: Final = timedelta(minutes=15)
REFUSED: Final = timedelta(hours=1)  # the pause after which a letter that was refused is tried again
FAREWELL: Final = 5.0  # seconds that a stopping server waits for letters under way

ADDRESS: Final = re.compile(r"https?://\S+")

log = Logger()


class OutgoingMail:
    """Takes mail from the outbox, has it written, and carried away."""

    def __init__(self, reactor: Timer, outbox: Outbox, messages: Messages, carrier: Carrier, clock: Clock) -> None:
        self._reactor = reactor
        self._outbox = outbox
        self._messages = messages
        self._carrier = carrier
        self._clock = clock
        self._under_way = 0
        self._sent: set[UUID] = set()  # that the outbox does not know of yet
        self._unread = Recurring(reactor, saying("the outbox cannot be read: {reason} (times: {count})"))
        self._unkept = Recurring(reactor, saying("mail cannot be put away: {reason} (times: {count})"))
        self._looking = False
        self._again = False
        self._stopped: Deferred[None] | None = None
        self._call = LoopingCall(self.look)
        self._call.clock = reactor

    def start(self) -> None:
        """Sends the mail that is due, now and every INTERVAL seconds, and new mail as it is written."""
        self._outbox.wake = self.look
        self._call.start(INTERVAL)

    def stop(self) -> Deferred[None]:
        """Takes no more mail, and waits FAREWELL seconds for letters under way; another server sends those that do not arrive."""
        if self._call.running:
            self._call.stop()
        self._unread.stop()
        self._unkept.stop()
        self._stopped = Deferred()
        if not self._under_way:
            self._stopped.callback(None)
        stopped = self._stopped.addTimeout(FAREWELL, self._reactor)
        return stopped.addErrback(lambda failure: failure.trap(TimedOut) and None)

    def look(self) -> None:
        """Begins to take mail that is due, or has the round that is under way look once more."""
        self._again = True
        if not self._looking and self._stopped is None:
            self._looking = True
            Deferred.fromCoroutine(self._look())

    async def _look(self) -> None:
        """Takes mail for as long as new one is announced; logs errors, so that the next look still happens."""
        try:
            while self._again and self._stopped is None:
                self._again = False
                await self._note()
                await self._take()
        except (Rejected, Unavailable) as error:
            self._unread.add(str(error))
        except Exception:  # noqa: BLE001 - whatever fails, the next round must take place
            log.failure("the outbox was not looked at")
        finally:
            self._looking = False

    async def _take(self) -> None:
        """Takes as many mails as there is room for, and begins to send them."""
        room = AT_ONCE - self._under_way
        if room <= 0:
            return
        now = self._clock.now()
        for mail in await self._outbox.take(now, now + LENT, most=room):
            self._under_way += 1
            Deferred.fromCoroutine(self._deliver(mail))

    async def _deliver(self, mail: Mail) -> None:
        """Sends one mail; an error is logged and holds up no other mail."""
        try:
            await self._attempt(mail)
        except (Rejected, Unavailable) as error:
            self._unkept.add(str(error))
        except Exception:  # noqa: BLE001 - the mail is only lent, so another attempt follows
            log.failure("a mail was not sent")
        finally:
            self._finish()

    async def _attempt(self, mail: Mail) -> None:
        """Sends a mail, and stores that it was sent, or why not."""
        if expired(mail, self._clock.now()):
            await self._give_up(mail, "its link has expired")
            return
        try:
            await self._carrier.carry(self._letter(mail))
        except NotSent as error:
            await self._failed(mail, error)
        else:
            self._sent.add(mail.id)
            log.info("mail sent: {template} to {to}, attempt {attempt}", **names(mail))
            await self._note()

    def _letter(self, mail: Mail) -> Letter:
        """Returns the written mail; raises NotSent, whatever is wrong with it or with its template."""
        try:
            return self._messages.write(mail)
        except Unwritable as error:
            raise NotSent(str(error), final=True) from None
        except Exception as error:  # noqa: BLE001 - a theme is repaired while the mail waits
            log.failure("a mail was not written: {template}", template=mail.template)
            raise NotSent(f"it cannot be written: {type(error).__name__}", refused=True) from None

    async def _note(self) -> None:
        """Stores which letters were carried away; those that cannot be stored now are stored before any more are taken."""
        sent = list(self._sent)
        if sent:
            await self._outbox.sent(sent, self._clock.now())
            self._sent.difference_update(sent)

    async def _failed(self, mail: Mail, error: NotSent) -> None:
        """Stores when a mail is tried again, or gives up."""
        due = self._clock.now() + (REFUSED if error.refused else pause(mail.attempt))
        reason = said(mail, error)
        if error.final or due > mail.created_at + KEPT or expired(mail, due):
            await self._give_up(mail, reason)
            return
        log.warn("mail not sent: {template} to {to}, attempt {attempt}: {reason}", reason=reason, **names(mail))
        await self._outbox.failed(mail, due, reason)

    async def _give_up(self, mail: Mail, reason: str) -> None:
        log.error("mail given up: {template} to {to}, attempt {attempt}: {reason}", reason=reason, **names(mail))
        await self._outbox.give_up(mail, self._clock.now(), reason)

    def _finish(self) -> None:
        """Counts the end of an attempt, and takes more mail or reports that the last one is done."""
        self._under_way -= 1
        if self._stopped is None:
            self.look()
        elif not self._under_way and not self._stopped.called:
            self._stopped.callback(None)


def expired(mail: Mail, now: datetime) -> bool:
    """Whether the link in a mail is good for nothing any more."""
    end = expiry(mail)
    return mail.secret is not None and end is not None and end <= now


def pause(attempt: int) -> timedelta:
    """Returns how long to wait after this attempt."""
    return min(FIRST * (1 << min(attempt - 1, 16)), LONGEST)


def said(mail: Mail, error: NotSent) -> str:
    """Returns why a mail was not sent, without its recipient and its link, which a server's answer may repeat."""
    return ADDRESS.sub("(an address)", str(error)).replace(mail.recipient, mail.masked)


def names(mail: Mail) -> dict[str, object]:
    """Returns what the log says of a mail."""
    return {"mail": str(mail.id), "template": mail.template, "to": mail.masked, "attempt": mail.attempt}


def saying(sentence: str) -> Say:
    """Returns a function that logs this sentence with a reason and a count."""
    return lambda reason, count: log.warn(sentence, reason=reason, count=count)
