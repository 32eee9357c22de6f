"""The sending of mail that waits in the outbox; whoever has something to tell does not wait for it."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from twisted.logger import Logger

from iam.clock import Clock
from iam.operations.lent_work import LentWork
from iam.operations.messages import Messages, Unwritable, expiry
from iam.outbound.mail import Carrier, NotSent
from iam.reactor import Timer
from iam.records.mail import Letter, Mail
from iam.store.outbox import Outbox

AT_ONCE: Final = 3  # letters under way: some mail servers take no more connections
LENT: Final = timedelta(minutes=2)  # after which another server may send a mail that we took; an attempt is shorter
KEPT: Final = timedelta(days=1)  # that a mail is tried again
FIRST: Final = timedelta(seconds=10)  # the pause after the first attempt, which doubles
LONGEST: Final = timedelta(minutes=15)
REFUSED: Final = timedelta(hours=1)  # the pause after which a letter that was refused is tried again

ADDRESS: Final = re.compile(r"https?://\S+")

log = Logger()


class OutgoingMail(LentWork[Mail]):
    """Takes mail from the outbox, has it written, and carried away."""

    of = "mails"
    most = AT_ONCE
    farewell = 5.0

    def __init__(self, reactor: Timer, outbox: Outbox, messages: Messages, carrier: Carrier, clock: Clock) -> None:
        super().__init__(reactor, outbox)
        self._outbox = outbox
        self._messages = messages
        self._carrier = carrier
        self._clock = clock
        self._sent: set[UUID] = set()  # that the outbox does not know of yet

    async def take(self, room: int) -> Sequence[Mail]:
        """Takes mail that is due, once the outbox knows of all that was sent."""
        await self._note()
        now = self._clock.now()
        return await self._outbox.take(now, now + LENT, most=room)

    async def attempt(self, mail: Mail) -> None:
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
