"""A client whose callback sends the browser on, over several origins and to an app (tests of what our pages let happen)."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from attrs import frozen

APP = "claude://x"
OPENING = b"""<!doctype html><title>opener</title><p id="heard">waiting</p><script>
addEventListener("message", event => { document.getElementById("heard").textContent = event.data })
const popup = open(new URLSearchParams(location.search).get("to"))
setInterval(() => { document.title = popup.closed ? "gone" : "open" }, 50)
</script>"""
ARRIVED = b"""<!doctype html><title>shop</title><p id="submission_complete">You have arrived.</p>"""
TELLING = b"""<!doctype html><title>told</title><script>opener.postMessage("told", "*")</script>"""


class Hop(BaseHTTPRequestHandler):
    """Answers each path as the client wants it."""

    client: "Hops"

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        self.client.asked.append((self.command, path))
        length = int(self.headers.get("Content-Length") or 0)
        self.rfile.read(length)
        onward = self.client.onward.get(path)
        pages = {"/opener": OPENING, "/telling": TELLING}
        self.send_response(303 if onward else 200)
        self.send_header("Content-Type", "text/html")
        if onward:
            self.send_header("Location", onward)
        self.end_headers()
        self.wfile.write(pages.get(path, ARRIVED))

    do_POST = do_GET

    def log_message(self, *_: object) -> None:
        """Quiet."""


@frozen
class Hops:
    """Three origins of one client: /cb leads over /home of the second to /x of the third, /app to an app's own scheme."""

    first: str
    asked: list[tuple[str, str]]
    onward: dict[str, str]

    @property
    def callback(self) -> str:
        return self.first + "/cb"

    @property
    def app(self) -> str:
        return self.first + "/app"


@contextmanager
def hopping() -> Iterator[Hops]:
    """The client, listening."""
    with ExitStack() as stack:
        hops = Hops("", [], {})
        handler: Any = type("Handler", (Hop,), {"client": hops})
        ports = []
        for _ in range(3):
            site = stack.enter_context(ThreadingHTTPServer(("127.0.0.1", 0), handler))
            threading.Thread(target=site.serve_forever, daemon=True).start()
            stack.callback(site.shutdown)
            ports.append(site.server_port)
        hops.onward.update(
            {
                "/cb": f"http://localhost:{ports[1]}/home",
                "/home": f"http://127.0.0.1:{ports[2]}/x",
                "/app": APP,
                "/popup": f"http://localhost:{ports[1]}/telling",
            }
        )
        yield Hops(f"http://127.0.0.1:{ports[0]}", hops.asked, hops.onward)
