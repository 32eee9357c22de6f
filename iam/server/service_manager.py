"""What systemd is told of a server's state, where it has started it with `Type=notify` (sd_notify(3))."""

import os
from contextlib import suppress
from socket import AF_UNIX, SOCK_DGRAM, socket
from typing import Final

READY: Final = "READY=1"
STOPPING: Final = "STOPPING=1"


def notify(*states: str) -> None:
    """Tell it these; without a service manager nobody hears them, and a deaf one stops nobody."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    if address[0] == "@":
        address = "\0" + address[1:]  # in the abstract namespace
    with suppress(OSError), socket(AF_UNIX, SOCK_DGRAM) as way:
        way.settimeout(0)
        way.connect(address)
        way.send("\n".join(states).encode())


def longer(seconds: float) -> str:
    """The start takes so much longer."""
    return f"EXTEND_TIMEOUT_USEC={int(seconds * 1_000_000)}"
