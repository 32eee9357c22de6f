"""A walk over the whole URL table."""

from typing import cast

from iam.http.dispatch import Route
from iam.server.application import Application
from iam.server.routes import all_routes
from tests.harness import REDIRECT_URI, Server, fields


class Nobody:
    """Stands where the application would, and each of its parts, for who wants the table alone."""

    def __getattr__(self, name: str) -> "Nobody":
        return Nobody()

    def __call__(self, *_: object) -> None:
        return None


def every_route() -> list[Route]:
    """The table, with nothing behind it."""
    return all_routes(cast("Application", Nobody()))


async def addresses(server: Server) -> tuple[list[tuple[str, Route]], dict[str, str]]:
    """Every route with a path that exists for the person with these headers."""
    person = await server.person()
    page = (await server.get("/applications/register", headers=person.headers)).text
    told = {"name": "Application", "grant_types": "authorization_code", "redirect_uris": REDIRECT_URI, "scopes": "read"}
    form = {**fields(page), **told}
    saved = await server.post("/applications/register", form, headers=person.headers)
    client_id = saved.location.rpartition("/")[2]
    assert client_id
    table = [
        (route.path.replace("<client_id>", client_id).replace("<name>", "iam.css"), route) for route in every_route()
    ]
    return table, person.headers
