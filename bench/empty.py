"""An empty Klein route in the same kind of process: the limit that the ratios are against."""

import sys

from klein import Klein
from twisted.internet import reactor
from twisted.web.server import Site

app = Klein()


@app.route("/", methods=["GET", "POST"])
def empty(request):
    request.setHeader(b"Content-Type", b"application/json")
    return b"{}"


reactor.listenTCP(int(sys.argv[1]), Site(app.resource()), interface="127.0.0.1")
reactor.run()
