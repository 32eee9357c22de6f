"""The conversation with a mail server about one letter (RFC 5321, RFC 6409), by Twisted's client.

This module is imported in a thread, when it is first needed, since Twisted asks for the machine's name as it is imported.
"""

import re
from email.policy import SMTP
from io import BytesIO
from typing import Any, Final

from twisted.internet.defer import Deferred
from twisted.internet.protocol import connectionDone
from twisted.mail.smtp import (
    SUCCESS,
    ESMTPClient,
    LOGINAuthenticator,
    PLAINAuthenticator,
    SMTPClientError,
)
from twisted.python.failure import Failure

from iam.outbound.mail import NotSent
from iam.records.mail import Letter

SEVEN_BITS: Final = SMTP.clone(cte_type="7bit")  # whether the server takes eight is not asked
REFUSED: Final = 500  # and above: for good (RFC 5321 §4.2.1)
NOBODY: Final = re.compile(
    r"5\.1\.(1|2|3|6|10)\b"
)  # the recipient's address is what is wrong (RFC 3463 §3.2, RFC 7505)
LONGEST: Final = 200  # characters of an answer
PATIENCE: Final = 30  # seconds for one answer


class Plain(PLAINAuthenticator):
    """The mechanism PLAIN (RFC 4616), in the form that all servers take: without a second name to act as."""

    def challengeResponse(self, secret: bytes, chal: int = 2) -> bytes:
        """Returns user and password as the mechanism sends them."""
        response: bytes = super().challengeResponse(secret, 2)
        return response


class Submission(ESMTPClient):
    """Submits one letter; `result` fires when the server has taken it, or fails with NotSent.

    `context` begins TLS by STARTTLS, which is then a condition; without it none is begun. So is `login`, user and password.
    """

    debug = False  # else it would keep what was said, passwords and all
    heloFallback = False
    timeout = PATIENCE  # type: ignore[assignment]

    def __init__(self, letter: Letter, identity: str, login: tuple[str, str] | None, context: Any) -> None:
        user, password = (part.encode() for part in login or ("", ""))
        super().__init__(password, context, identity)
        self.requireAuthentication = login is not None
        self.requireTransportSecurity = context is not None
        self.registerAuthenticator(Plain(user))
        self.registerAuthenticator(LOGINAuthenticator(user))
        self.result: Deferred[None] = Deferred()
        self._letter = letter
        self._begun = False

    def esmtpState_starttls(self, code: int, resp: bytes) -> None:
        """Begins TLS, unless there is more in the clear behind the answer: somebody in between could have put it there."""
        if self.clearLineBuffer():
            self.sendError(SMTPClientError(code, b"there is text in the clear behind STARTTLS", isFatal=True))
            return
        super().esmtpState_starttls(code, resp)

    def _esmtpState_plainAuth(self, code: int, resp: bytes) -> None:
        """Takes a refused password for refused: Twisted sends it once more in another form, which counts as a second failure."""
        self.esmtpAUTHDeclined(code, resp)

    def getMailFrom(self) -> str | None:
        """Returns the sender, once: None ends the conversation."""
        if self._begun:
            return None
        self._begun = True
        return self._letter.sender

    def getMailTo(self) -> list[str]:
        """Returns the one recipient."""
        return [self._letter.recipient]

    def getMailData(self) -> BytesIO:
        """Returns the letter as it goes over the line (RFC 5321 §4.5.2)."""
        return BytesIO(re.sub(rb"(?m)^\.", b"..", self._letter.message.as_bytes(policy=SEVEN_BITS)))

    def transformChunk(self, chunk: bytes) -> bytes:
        """Leaves the letter as it is: Twisted's own way overlooks a dot where a chunk begins."""
        self.resetTimeout()
        return chunk

    def sentMail(
        self, code: int, resp: bytes, accepted: int, addresses: list[tuple[Any, int, bytes]], log: object
    ) -> None:
        """Takes note of the server's last word about the letter."""
        if accepted and code in SUCCESS:
            self._finish(None)
            return
        refusals = [(said, text) for _, said, text in addresses if said not in SUCCESS]
        said, text = refusals[0] if refusals else (code, resp)
        answer = plain(said, text)
        final = bool(refusals) and said >= REFUSED and NOBODY.search(answer) is not None
        self._finish(NotSent(answer, refused=bool(addresses) and said >= REFUSED, final=final))

    def sendError(self, exc: Exception) -> None:
        """Ends the conversation before the server has judged the letter."""
        super().sendError(exc)
        known = isinstance(exc, SMTPClientError)
        self._finish(NotSent(plain(exc.code, exc.resp) if known else type(exc).__name__))  # type: ignore[attr-defined]

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Takes note of an end without a last word: the letter may have been taken or not."""
        super().connectionLost(reason)
        self._finish(NotSent(f"the connection ended: {text_of(reason.value)}"))

    def _finish(self, error: NotSent | None) -> None:
        if self.result.called:
            return
        if error is None:
            self.result.callback(None)
        else:
            self.result.errback(error)


def plain(code: int, answer: bytes | str) -> str:
    """Returns an answer of the server on one line, with its code if it has one."""
    text = answer.decode(errors="replace") if isinstance(answer, bytes) else answer
    line = " ".join(re.sub(r"[^\x20-\x7e]", " ", text).split())[:LONGEST]
    return f"{code} {line}" if code > 0 else line


def text_of(error: BaseException | None) -> str:
    """Returns what a lost connection says of itself, on one line; of TLS the reasons."""
    return plain(0, str(error) or type(error).__name__)
