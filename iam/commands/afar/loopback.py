"""The address on this machine at which a browser brings back the answer to a login (RFC 8252 §7.3)."""

import hmac
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Final
from urllib.parse import parse_qsl, urlsplit

import click
from attrs import frozen

WAIT: Final = 600.0  # seconds for a person to log in
PATIENCE: Final = 10.0  # seconds for a browser to say what it wants
DONE: Final = "You can close this window, and go on in the terminal."
STRANGE: Final = "Nothing waits for this here: begin with iam login in the terminal."
LATE: Final = "Nobody has logged in within ten minutes: try again."
PAGE: Final = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    '<meta name="color-scheme" content="light dark"><title>iam</title></head><body><h1>iam</h1><p>{}</p></body></html>'
)
HEADERS: Final = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

Answer = Mapping[str, str]


@frozen
class Waiting:
    """Waits on `port` for the answer that has the right state."""

    port: int
    answers: "SimpleQueue[Answer]"

    @property
    def address(self) -> str:
        """Where the browser is sent back to."""
        return f"http://127.0.0.1:{self.port}/"

    def answer(self) -> Answer:
        """Returns the parameters that came. Raises ClickException if none come."""
        try:
            return self.answers.get(timeout=WAIT)
        except Empty:
            raise click.ClickException(LATE) from None


@contextmanager
def waiting(state: str) -> Iterator[Waiting]:
    """Listens on a free port of this machine alone, for whoever brings this state."""
    answers: SimpleQueue[Answer] = SimpleQueue()
    with ThreadingHTTPServer(("127.0.0.1", 0), handler(state, answers)) as server:
        server.daemon_threads = True  # a browser may open connections that it does not use
        server.block_on_close = False
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield Waiting(server.server_port, answers)
        finally:
            server.shutdown()


def handler(state: str, answers: "SimpleQueue[Answer]") -> type[BaseHTTPRequestHandler]:
    """Returns the class that answers browsers; the first answer with this state is the one."""

    class Handler(BaseHTTPRequestHandler):
        """Answers one browser."""

        timeout = PATIENCE

        def do_GET(self) -> None:
            """Takes the answer to a login."""
            parts = urlsplit(self.path)
            told = dict(parse_qsl(parts.query))
            if parts.path != "/" or not hmac.compare_digest(told.get("state", "").encode(), state.encode()):
                self.say(404, STRANGE)
                return
            self.say(200, DONE)
            answers.put(told)

        def say(self, status: int, sentence: str) -> None:
            """Answers with a page that says this."""
            page = PAGE.format(sentence).encode()
            self.send_response(status)
            for name, value in {**HEADERS, "Content-Length": str(len(page))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, *_: object) -> None:
            """Logs nothing: there are codes in the addresses."""

    return Handler
