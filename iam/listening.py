"""Where the server listens: addresses and a port, or Twisted endpoints."""

import errno
from typing import Any

from twisted.internet.endpoints import TCP4ServerEndpoint, TCP6ServerEndpoint, serverFromString
from twisted.internet.error import CannotListenError

from iam.settings import Settings

BACKLOG = 1024
ABSENT = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)


class ListenError(Exception):
    """An address cannot be listened on; one sentence that says what to do."""


async def listen(reactor: Any, settings: Settings, factory: Any) -> list[Any]:
    """Accept connections wherever `settings` say; a machine without IPv6 does without ::1 unless it was asked for.

    Raises ListenError where an address is taken or not ours; nothing is listened on then.
    """
    ports: list[Any] = []
    optional = not settings.listen and "interface" not in settings.model_fields_set
    try:
        for name, endpoint in described(reactor, settings):
            try:
                ports.append(await endpoint.listen(factory))
            except (CannotListenError, OSError) as error:
                said = cause(error)
                if optional and ports and said.errno in ABSENT:
                    continue
                raise ListenError(f"Cannot listen on {name}: {words(said)}. {advice(settings, said)}") from None
    except BaseException:
        for port in ports:
            await port.stopListening()
        raise
    return ports


def described(reactor: Any, settings: Settings) -> list[tuple[str, Any]]:
    """The endpoints, each with what to call it in a sentence."""
    if settings.listen:
        return [(text, from_text(reactor, text)) for text in settings.listen]
    return [
        (
            f"{address} port {settings.port}",
            (TCP6ServerEndpoint if ":" in address else TCP4ServerEndpoint)(reactor, settings.port, BACKLOG, address),
        )
        for address in settings.interface
    ]


def from_text(reactor: Any, text: str) -> Any:
    """The endpoint that `--listen` describes."""
    try:
        return serverFromString(reactor, text)
    except OSError as error:  # a certificate or a key that cannot be read
        raise ListenError(f"--listen: {text}: {error.filename}: {words(error)}.") from None
    except (ValueError, TypeError, LookupError) as error:
        raise ListenError(f"--listen: {text!r} is not an endpoint of Twisted: {error}.") from None


def cause(error: CannotListenError | OSError) -> OSError:
    """What the system says, which Twisted wraps."""
    said = error.socketError if isinstance(error, CannotListenError) else error
    return said if isinstance(said, OSError) else OSError(str(said))


def words(error: OSError) -> str:
    """The system's words, without its number."""
    return error.strerror or str(error)


def advice(settings: Settings, error: OSError) -> str:
    """Which option to change."""
    if settings.listen:
        return "Change --listen."
    return f"Choose another {'--interface' if error.errno in ABSENT else '--port'}."
