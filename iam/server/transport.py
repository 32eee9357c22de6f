"""Connections that send at once."""

from typing import Any

from twisted.internet.interfaces import IAddress
from twisted.internet.tcp import Connection


class Prompt(Connection):
    """A connection that sends what is written at once, if nothing waits before it.

    Twisted's waits for the reactor to say that there is room, which there nearly always is: two system calls and a turn more.
    """

    TLS: bool
    _tempDataBuffer: list[bytes]
    _host: IAddress | None = None
    _peer: IAddress | None = None

    def getHost(self) -> IAddress:
        """Returns our address, which the system is asked for once."""
        if self._host is None:
            self._host = super().getHost()
        return self._host

    def getPeer(self) -> IAddress:
        """Returns the address of the other side, which stays the same."""
        if self._peer is None:
            self._peer = super().getPeer()
        return self._peer

    def write(self, data: bytes) -> None:
        """Sends data as far as there is room, and leaves the rest to Twisted, as well as the end of a connection that is lost."""
        if self._clear() and len(data) <= self.SEND_LIMIT:
            sent = self.writeSomeData(data)
            if sent == len(data):
                return
            data = data[sent:] if isinstance(sent, int) else data
        super().write(data)

    def _clear(self) -> bool:
        """Whether the connection is open, in plain text, and has sent everything."""
        ending = self.TLS or self.disconnecting or self._writeDisconnecting or self._writeDisconnected
        return bool(self.connected) and not (ending or self.dataBuffer or self._tempDataBuffer)


def hasten(port: Any) -> Any:
    """Makes the connections that a port accepts send at once."""
    port.transport = type("Prompt", (Prompt, port.transport), {})
    return port
