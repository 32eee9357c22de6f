"""A real mail server on loopback, Twisted's, that does as a test says and remembers what it was given."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from attrs import define, field, frozen
from pytest_twisted import blockon
from twisted.cred.checkers import InMemoryUsernamePasswordDatabaseDontUse
from twisted.cred.portal import IRealm, Portal
from twisted.internet import reactor
from twisted.internet.defer import Deferred, succeed
from twisted.internet.threads import deferToThreadPool
from twisted.mail.imap4 import PLAINCredentials
from twisted.mail.interfaces import IMessageDelivery, IMessageSMTP
from twisted.mail.smtp import ESMTP, LOGINCredentials, SMTPBadRcpt, SMTPFactory, SMTPServerError
from zope.interface import implementer

from iam.outbound.smtp import Smtp
from iam.records.mail import Letter, Mail
from iam.records.mail_server import MailServer
from tests.authority import Authority
from tests.outbound.conftest import Names
from tests.waiting import until

HOST = "mail.test"
LOGIN = ("iam at mail", "a pass word")
NOON = datetime(2027, 3, 5, 12, tzinfo=UTC)

in_thread: Any = partial(deferToThreadPool, reactor, reactor.getThreadPool())


@frozen
class Given:
    """What the mail server was given, and how."""

    sender: str
    recipient: str
    octets: bytes
    ehlo: str
    tls: bool
    login: str | None

    @property
    def message(self) -> EmailMessage:
        return message_from_bytes(self.octets, policy=SMTP)

    @property
    def text(self) -> str:
        """The plain text of the message."""
        part: Any = self.message.get_body(("plain",))
        return str(part.get_content()).replace("\r\n", "\n")


@define(eq=False)
class PostOffice:
    """A mail server: `refusal` is its answer at a stage, MAIL, RCPT or DATA; it dies after DATA, or is slow to answer."""

    starttls: Any = None
    mechanisms: dict[bytes, Any] = field(factory=dict)
    refusal: tuple[str, int, str] | None = None
    dies: bool = False
    slow: bool = False
    held: list[Any] = field(factory=list)
    given: list[Given] = field(factory=list)
    talks: list["Talk"] = field(factory=list)
    port: Any = None
    number: int = 0

    def open(self, tls: Any = None, number: int = 0) -> "PostOffice":
        factory = Office(self)
        options = {"interface": "127.0.0.1"}
        if tls:
            self.port = reactor.listenSSL(number, factory, tls, **options)
        else:
            self.port = reactor.listenTCP(number, factory, **options)
        self.number = int(self.port.getHost().port)
        return self

    async def close(self) -> None:
        """Is down from now on."""
        if self.port.connected:
            await self.port.stopListening()
        for talk in self.talks:
            if talk.alive:
                talk.transport.abortConnection()

    def release(self) -> None:
        """Answers all who wait, and is no longer slow."""
        self.slow = False
        while self.held:
            self.held.pop().callback(None)

    async def heard(self, count: int) -> list[Given]:
        """What it was given, as soon as that is so much."""
        await until(lambda: len(self.given) >= count)
        return self.given

    def judge(self, stage: str) -> None:
        if self.refusal and self.refusal[0] == stage:
            raise SMTPServerError(*self.refusal[1:])


@implementer(IRealm)
class Realm:
    """Everybody who knows the password may send."""

    def __init__(self, talk: "Talk") -> None:
        self._talk = talk

    def requestAvatar(self, login: bytes, _mind: Any, *_interfaces: Any) -> Any:
        self._talk.login = login.decode()
        return IMessageDelivery, None, lambda: None


class Office(SMTPFactory):
    """Makes talks."""

    noisy = False

    def __init__(self, office: PostOffice) -> None:
        super().__init__()
        self._office = office

    def buildProtocol(self, _address: Any) -> "Talk":
        talk = Talk(self._office)
        talk.factory = self
        self._office.talks.append(talk)
        return talk


class Talk(ESMTP):
    """One conversation."""

    noisy = False
    login: str | None = None

    def __init__(self, office: PostOffice) -> None:
        super().__init__(office.mechanisms, office.starttls)
        self._office = office
        known = InMemoryUsernamePasswordDatabaseDontUse(**{LOGIN[0]: LOGIN[1].encode()})
        self.portal = Portal(Realm(self), [known])
        self.commands: list[str] = []
        self.alive = True

    def connectionLost(self, reason: Any) -> None:
        self.alive = False
        super().connectionLost(reason)

    def lookupMethod(self, command: Any) -> Any:
        self.commands.append(bytes(command).decode() if isinstance(command, bytes) else str(command))
        return super().lookupMethod(command)

    def validateFrom(self, _helo: Any, origin: Any) -> Any:
        self._office.judge("MAIL")
        self.sender = str(origin)
        return origin

    def validateTo(self, user: Any) -> Any:
        if self._office.refusal and self._office.refusal[0] == "RCPT":
            raise SMTPBadRcpt(user, *self._office.refusal[1:])
        return lambda: Draft(self, str(user.dest))

    def receivedHeader(self, *_: Any) -> bytes:
        return b""

    def _messageHandled(self, results: Any) -> None:
        code, text = (self._office.refusal or ("", 250, "taken"))[1:]
        self.sendCode(code, text.encode())


@implementer(IMessageSMTP)
class Draft:
    """A message that is coming in."""

    def __init__(self, talk: Talk, recipient: str) -> None:
        self._talk = talk
        self._recipient = recipient
        self._lines: list[bytes] = []

    def lineReceived(self, line: bytes) -> None:
        self._lines.append(line)

    def connectionLost(self) -> None:
        """Nothing is kept of it."""

    def eomReceived(self) -> Any:
        talk = self._talk
        office = talk._office
        if office.refusal:
            return succeed(None)
        octets = b"".join(line + b"\r\n" for line in self._lines)
        ehlo, tls = talk._helo[0].decode(), talk.startedTLS or hasattr(talk.transport, "getPeerCertificate")
        office.given.append(Given(talk.sender, self._recipient, octets, ehlo, tls, talk.login))
        if office.dies:
            talk.transport.abortConnection()
            return Deferred()
        if office.slow:
            office.held.append(Deferred())
            return office.held[-1]
        return succeed(None)


MECHANISMS: dict[bytes, Any] = {b"PLAIN": PLAINCredentials, b"LOGIN": LOGINCredentials}


@pytest.fixture(scope="session")
def authority() -> Authority:
    return Authority()


@pytest.fixture
def names() -> Names:
    return Names({HOST: ["127.0.0.1"], "another.test": ["127.0.0.1"], "localhost": ["127.0.0.1"]})


@pytest.fixture
def office(authority: Authority) -> Iterator[PostOffice]:
    """A mail server with STARTTLS, and a certificate for `mail.test`."""
    office = PostOffice(authority.options(HOST)).open()
    yield office
    blockon(Deferred.fromCoroutine(office.close()))


@pytest.fixture
def smtp(authority: Authority, names: Names, office: PostOffice) -> Callable[..., Smtp]:
    """Makes the way to a mail server, as an operator names it."""

    def make(host: str = HOST, *, tls: bool = False, login: Any = None, to: int | None = None, **options: Any) -> Smtp:
        server = MailServer(host, to or office.number, tls)
        options = {"look": names.look, "trust_root": authority.trust_root, **options}
        return Smtp(reactor, server, "login.test", login, in_thread, **options)

    return make


def letter(text: str = "Hello.\n", recipient: str = "alice@example.org") -> Letter:
    """A letter that was written by hand."""
    mail = Mail(UUID(int=1), "reset", recipient, None, {}, None, NOON, 1, "")
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"], message["Subject"] = "iam@example.org", recipient, "A test"
    message.set_content(text)
    return Letter(mail, "iam@example.org", recipient, message)
