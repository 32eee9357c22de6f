"""The way of mail to the operator's mail server; TLS and its certificate are checked, but on this machine."""

from importlib import import_module
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Final, NoReturn

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectError
from twisted.internet.protocol import Factory
from twisted.internet.ssl import optionsForClientTLS, platformTrust

from iam.outbound.connecting import Line, Look, NameResolver, system
from iam.outbound.destinations import HTTPS, Destination, FetchError
from iam.outbound.mail import NotSent
from iam.reactor import InThread, Reactor
from iam.records.mail import Letter
from iam.records.mail_server import MailServer

if TYPE_CHECKING:
    from iam.outbound.submission import Submission

TOTAL: Final = 60.0  # seconds for one letter, from the lookup to the last answer


class Smtp:
    """Submits letters to one mail server, each in a connection of its own.

    `host` is the name by which we introduce ourselves, and `login` user and password, if the server wants any.
    """

    def __init__(
        self,
        reactor: Reactor,
        server: MailServer,
        host: str,
        login: tuple[str, str] | None,
        in_thread: InThread,
        *,
        look: Look = system,
        trust_root: Any = None,
        patience: float = TOTAL,
    ) -> None:
        self._reactor = reactor
        self._server = server
        self._identity = identity(host)
        self._login = login
        self._in_thread = in_thread
        self._resolver = NameResolver(reactor, look)
        self._trust_root = trust_root or platformTrust()
        self._patience = patience

    async def carry(self, letter: Letter) -> None:
        """Submits a letter, and returns when the server has taken it; raises NotSent."""
        await Deferred.fromCoroutine(self._carried(letter)).addTimeout(
            self._patience, self._reactor, refuse_for_lateness
        )

    async def _carried(self, letter: Letter) -> None:
        """Has one conversation; unless it ends well, the connection is ended at once."""
        module = await self._in_thread(import_module, "iam.outbound.submission")
        line = await self._line()
        submission: Submission = module.Submission(letter, self._identity, self._login, self._starttls())
        factory: Any = Factory.forProtocol(lambda: submission)
        factory.noisy = False
        try:
            await line.connect(factory)
            await submission.result
        except ConnectError as error:
            raise NotSent(f"{self._server.host}: {error}") from None
        except BaseException:
            line.hang_up()
            raise

    async def _line(self) -> Line:
        """Looks the server up; with smtps the line has TLS from the beginning. Raises NotSent."""
        server = self._server
        try:
            addresses = await self._resolver.addresses(server.host)
        except FetchError as error:
            raise NotSent(str(error)) from None
        destination = Destination(HTTPS if server.tls else "", server.host, server.port, "")
        return Line(self._reactor, destination, addresses, self._trust_root)

    def _starttls(self) -> Any:
        """Returns what checks the certificate behind STARTTLS; None where TLS is there before, or not needed."""
        if self._server.tls or self._server.loopback:
            return None
        return optionsForClientTLS(self._server.host, self._trust_root)


def identity(host: str) -> str:
    """Returns a host as EHLO names it: an IP address is written as a literal (RFC 5321 §4.1.3)."""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    return f"[{address}]" if address.version == 4 else f"[IPv6:{address}]"  # noqa: PLR2004 - IP's own numbers


def refuse_for_lateness(_outcome: object, seconds: float) -> NoReturn:
    """Raises NotSent, because the mail server did not take the letter in time."""
    raise NotSent(f"the mail server has not taken it within {seconds:g} seconds")
