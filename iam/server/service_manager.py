"""Notifications to systemd about the server's state, for services of `Type=notify` (sd_notify(3))."""

import os
from contextlib import suppress
from socket import AF_UNIX, SOCK_DGRAM, socket
from typing import Final

READY: Final = "READY=1"
STOPPING: Final = "STOPPING=1"


def notify(*states: str) -> None:
    """Sends these states to the service manager; does nothing without one, and ignores errors."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    if address[0] == "@":
        address = "\0" + address[1:]  # a socket in the abstract namespace
    with suppress(OSError), socket(AF_UNIX, SOCK_DGRAM) as way:
        way.settimeout(0)
        way.connect(address)
        way.send("\n".join(states).encode())


def longer(seconds: float) -> str:
    """Returns the state that asks for so many more seconds to start."""
    return f"EXTEND_TIMEOUT_USEC={int(seconds * 1_000_000)}"
