"""Where the server listens: addresses and a port, or Twisted endpoints (H36)."""

import errno
import os
import re
import stat
from pathlib import Path
from typing import Any

from OpenSSL import SSL
from twisted.internet.address import UNIXAddress
from twisted.internet.endpoints import TCP4ServerEndpoint, TCP6ServerEndpoint, serverFromString
from twisted.internet.error import CannotListenError

from iam.http.mutual_tls import Asking
from iam.reactor import Reactor
from iam.server.transport import hasten
from iam.settings import Settings

BACKLOG = 1024
AT_ONCE = 8  # connections that a port accepts in one turn of the reactor
CIPHERS = b"ECDHE+AESGCM:ECDHE+CHACHA20"  # for TLS 1.2; all ciphers of 1.3 are good
OUTDATED = re.compile(r"sslmethod=(SSLv[23]|TLSv1|TLSv1_1)_METHOD")
PARTS = re.compile(r"(?<!\\):")  # a colon, unless it is escaped
ABSENT = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)


class ListenError(Exception):
    """The server cannot listen on an address; the text is one sentence that says what to do."""


async def listen(reactor: Reactor, settings: Settings, factory: Any) -> list[Any]:
    """Listens on all addresses of `settings` and returns the ports; without IPv6, ::1 is left out unless it was asked for.

    Raises ListenError if an address is taken or not of this machine; all ports are closed then.
    """
    ports: list[Any] = []
    optional = not settings.listen and "interface" not in settings.model_fields_set
    try:
        for name, endpoint in describe(reactor, settings):
            receiver = Asking(factory) if name in settings.mtls_listen else factory
            try:
                ports.append(hasten(slow_down(await endpoint.listen(receiver))))
            except (CannotListenError, OSError) as error:
                said = cause(error)
                if optional and ports and said.errno in ABSENT and name not in settings.mtls_listen:
                    continue
                raise ListenError(f"Cannot listen on {name}: {words(said)}. {advice(settings, name, said)}") from None
    except BaseException:
        for port in ports:
            await port.stopListening()
        raise
    return ports


def slow_down(port: Any) -> Any:
    """Makes a port accept AT_ONCE connections a turn at most; Twisted's accepts as many as came last time, and twenty more.

    So open connections wait for a few new ones at most, however many there are.
    """
    take = port.doRead

    def take_some() -> None:
        port.numberAccepts = min(port.numberAccepts, AT_ONCE)
        take()

    port.doRead = take_some
    return port


def describe(reactor: Reactor, settings: Settings) -> list[tuple[str, Any]]:
    """Returns the endpoints, each with its name for error messages; those that ask for certificates come last."""
    asking = [(text, asking_from_text(reactor, text)) for text in settings.mtls_listen]
    return [*usual(reactor, settings), *asking]


def usual(reactor: Reactor, settings: Settings) -> list[tuple[str, Any]]:
    """Returns the endpoints that ask for no certificate, each with its name."""
    if settings.listen:
        return [(text, from_text(reactor, text)) for text in settings.listen]
    return [
        (
            f"{address} port {settings.port}",
            (TCP6ServerEndpoint if ":" in address else TCP4ServerEndpoint)(reactor, settings.port, BACKLOG, address),
        )
        for address in settings.interface
    ]


def from_text(reactor: Reactor, text: str) -> Any:
    """Returns the endpoint that `--listen` describes; raises ListenError."""
    return described(Strict(reactor), text, "--listen")


def asking_from_text(reactor: Reactor, text: str) -> Any:
    """Returns the endpoint that `--mtls-listen` describes, which asks for certificates; raises ListenError."""
    if not text.startswith("ssl:"):
        raise ListenError(f"--mtls-listen: {text!r} is without TLS; describe it as ssl:PORT:privateKey=…:certKey=….")
    return described(Mutual(reactor), text, "--mtls-listen")


def described(reactor: "Strict", text: str, option: str) -> Any:
    """Returns the endpoint that an option describes; raises ListenError."""
    if OUTDATED.search(text):
        raise ListenError(f"{option}: {text!r}: only TLS 1.2 and 1.3 are spoken; leave sslmethod out.")
    try:
        return serverFromString(reactor, close_to_others(text))
    except OSError as error:  # a certificate or a key that cannot be read
        raise ListenError(f"{option}: {text}: {error.filename}: {words(error)}.") from None
    except (ValueError, TypeError, LookupError) as error:
        raise ListenError(f"{option}: {text!r} is not an endpoint of Twisted: {error}.") from None


class Strict:
    """The reactor, with TLS limited to versions 1.2 and 1.3, forward secrecy and authenticated encryption."""

    def __init__(self, reactor: Reactor) -> None:
        self._reactor = reactor

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reactor, name)

    def listenSSL(self, port: int, factory: Any, contextFactory: Any, **more: Any) -> Any:  # noqa: N803 - the reactor's
        """Listens with the stricter context; what the endpoint's description rules out stays out too."""
        context = contextFactory.getContext()  # the one of every connection
        context.set_cipher_list(CIPHERS)
        context.set_options(SSL.OP_NO_SSLv3 | SSL.OP_NO_TLSv1 | SSL.OP_NO_TLSv1_1 | SSL.OP_NO_RENEGOTIATION)
        return self._reactor.listenSSL(port, factory, contextFactory, **more)


class Mutual(Strict):
    """The same, where clients are asked for a certificate, and may show any, or none: who authenticates them judges it.

    No session is resumed, so that each connection has shown the certificate itself.
    """

    def listenSSL(self, port: int, factory: Any, contextFactory: Any, **more: Any) -> Any:  # noqa: N803 - the reactor's
        """Listens with a context that asks."""
        context = contextFactory.getContext()
        context.set_verify(SSL.VERIFY_PEER, take_any)
        context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
        context.set_options(SSL.OP_NO_TICKET)
        return super().listenSSL(port, factory, contextFactory, **more)


def take_any(*_: object) -> bool:
    """Lets the handshake go on, whatever certificate the client shows: the client holds its private key."""
    return True


def close_to_others(text: str) -> str:
    """Returns the description of an endpoint, with mode 660 for a unix socket that gives none."""
    kind, *given = PARTS.split(text)
    told = any(part.startswith("mode=") for part in given) or any("=" not in part for part in given[1:2])
    return text if kind != "unix" or not given or told else text + ":mode=660"


def sockets(settings: Settings, ports: list[Any]) -> list[str]:
    """Returns a sentence for each unix socket: who may connect, and whether their forwarding headers are believed."""
    hosts = [port.getHost() for port in ports]
    paths = [Path(os.fsdecode(host.name)) for host in hosts if isinstance(host, UNIXAddress) and host.name]
    believed = (
        "its peers' forwarding headers are believed"
        if "unix" in settings.proxy_headers
        else "all its peers count as one network (behind a proxy, say --proxy-headers unix)"
    )
    return [f"Listening on the socket {path}, mode {mode_of(path)}: {believed}." for path in paths]


def mode_of(path: Path) -> str:
    """Returns the mode of a socket in octal digits; "-" for an abstract one, which has none."""
    return f"{stat.S_IMODE(path.stat().st_mode):04o}" if path.exists() else "-"


def cause(error: CannotListenError | OSError) -> OSError:
    """Returns the system's error, out of Twisted's wrapper."""
    said = error.socketError if isinstance(error, CannotListenError) else error
    return said if isinstance(said, OSError) else OSError(str(said))


def words(error: OSError) -> str:
    """Returns the text of the system's error, without its number."""
    return error.strerror or str(error)


def advice(settings: Settings, name: str, error: OSError) -> str:
    """Returns the sentence that says which option to change."""
    if name in settings.mtls_listen:
        return "Change --mtls-listen."
    if settings.listen:
        return "Change --listen."
    return f"Choose another {'--interface' if error.errno in ABSENT else '--port'}."
