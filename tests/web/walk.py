"""A walk over the whole URL table."""

from twisted.internet import reactor

from iam.assembly import build_handlers
from iam.clock import Clock
from iam.routes import all_routes
from iam.server_key import ServerKey
from iam.web.dispatch import Route
from iam.web.templates import Theme
from tests.harness import Server, fields


def every_route(server: Server) -> list[Route]:
    """The table of the server under test."""
    key = ServerKey(b"a key for headers, which nobody needs")
    clock = Clock(server.clock.seconds)
    return all_routes(build_handlers(reactor, server.settings, clock, server.store, key, Theme(server.settings)))


async def addresses(server: Server) -> tuple[list[tuple[str, Route]], dict[str, str]]:
    """Every route with a path that exists for the person with these headers."""
    person = await server.person()
    page = (await server.get("/applications/register", headers=person.headers)).text
    form = {**fields(page), "name": "Application", "grant_types": "client_credentials", "scopes": "read"}
    saved = await server.post("/applications/register", form, headers=person.headers)
    client_id = saved.location.rpartition("/")[2]
    assert client_id
    table = [
        (route.path.replace("<client_id>", client_id).replace("<name>", "iam.css"), route)
        for route in every_route(server)
    ]
    return table, person.headers
