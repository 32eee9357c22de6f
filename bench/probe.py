"""Asks a server for /healthz each millisecond and tells how long the answers took; or, as the control, only sleeps as long.

`python probe.py SECONDS [PORT]` prints the milliseconds beyond what was asked for, as JSON. What a process that does nothing
but sleep sees is the noise of the machine.
"""

import json
import socket
import sys
import time

STEP = 0.001  # seconds
REQUEST = b"GET /healthz HTTP/1.1\r\nHost: localhost:%d\r\n\r\n"


def asked(seconds: float, port: int) -> list[float]:
    """Milliseconds that each answer took; the connection is made anew where the server ends it."""
    took, end, request = [], time.monotonic() + seconds, REQUEST % port
    connection = socket.create_connection(("localhost", port))
    while (began := time.monotonic()) < end:
        connection.sendall(request)
        if not connection.recv(65536):
            connection = socket.create_connection(("localhost", port))
            continue
        took.append((time.monotonic() - began) * 1000)
        time.sleep(STEP)
    return took


def slept(seconds: float) -> list[float]:
    """Milliseconds that each sleep took beyond a step."""
    late, end = [], time.monotonic() + seconds
    while (began := time.monotonic()) < end:
        time.sleep(STEP)
        late.append((time.monotonic() - began - STEP) * 1000)
    return late


def main() -> None:
    seconds = float(sys.argv[1])
    print(json.dumps(asked(seconds, int(sys.argv[2])) if len(sys.argv) > 2 else slept(seconds)))


if __name__ == "__main__":
    main()
