"""From method and path to the handler: Klein's routes, with a dictionary for paths without variables."""

from collections.abc import Awaitable, Callable
from functools import cached_property
from typing import Any, ClassVar, Final, Protocol

from attrs import evolve, frozen

from iam.http.answers import Answer, AnswerNow
from iam.http.cors import Cors, preflight
from iam.http.request import Request
from iam.http.target import METHODS

NO_METHOD = "--"  # werkzeug would take `get` for GET

Handler = Callable[..., Awaitable[Answer]]
Caught = tuple[type[Exception], ...]


class NotFound(Exception):
    """There is nothing at this path."""


class MethodNotAllowed(Exception):
    """The path takes other methods, which are `allowed`."""

    def __init__(self, allowed: list[str], cors: Cors = Cors.NOBODY) -> None:
        super().__init__(allowed)
        self.allowed = allowed
        self.cors = cors


class Errors(Protocol):
    """Writes the errors that the handler of a route raises; those not `caught` are left to the site."""

    caught: ClassVar[Caught]

    def write(self, request: Request, error: Any) -> Answer:
        """Returns the answer to a request whose handler raised this error."""


class PageErrors:
    """Writes the errors of pages, which raise the page to show."""

    caught: ClassVar[Caught] = (AnswerNow,)

    def write(self, _: Request, error: AnswerNow) -> Answer:
        """Returns the answer that was raised."""
        return error.answer


PAGE: Final = PageErrors()


@frozen
class Route:
    """A row of the URL table: a path in Klein's syntax, and a handler that is called with the request and the path's variables.

    A GET that `acts` changes something for the person at the browser, so it has no HEAD (H12). `name` is its member in the
    metadata, `cors` says which origins may read its answers. A `passage` is an address that browsers pass on
    their way to a client and back. A route that `writes` is charged to a budget. `errors` writes what the handler raises.
    """

    path: str
    methods: tuple[str, ...]
    handler: Handler
    page: bool = False
    acts: bool = False
    passage: bool = False
    writes: bool = False
    name: str | None = None
    cors: Cors = Cors.NOBODY
    errors: Errors = PAGE


class Router:
    """Finds the route of a request."""

    def __init__(self, routes: list[Route]) -> None:
        self._routes: dict[str, Route] = {}
        self._fixed: dict[bytes, dict[bytes, Route]] = {}
        protocol = [route.path.partition("<") for route in routes if not route.page]
        self._protocol = frozenset(path.encode() for path, variable, _ in protocol if not variable)
        self._below = tuple(path.encode() for path, variable, _ in protocol if variable)
        for route in [*routes, *preflights(routes)]:
            self._routes[f"{route.methods[0]} {route.path}"] = route
            if "<" not in route.path:
                fixed = self._fixed.setdefault(route.path.encode(), {})
                fixed.update({method.encode(): route for method in methods_of(route)})

    @cached_property
    def paths(self) -> Any:
        """Klein's map of the paths with variables; made when it is first needed, since importing Klein takes long."""
        from klein import Klein

        app = Klein()
        app.url_map.merge_slashes = False
        for name, route in self._routes.items():
            if "<" in route.path:
                app.route(route.path, methods=methods_of(route), endpoint=name)(route.handler)
        return app.url_map.bind("localhost")

    def find(self, method: bytes, path: bytes) -> tuple[Route, dict[str, str]]:
        """Returns the route of a request and its path's variables; raises NotFound or MethodNotAllowed."""
        fixed = self._fixed.get(path)
        if fixed is not None:
            route = fixed.get(method)
            if route is None:
                raise MethodNotAllowed(sorted(name.decode() for name in fixed), next(iter(fixed.values())).cors)
            return route, {}
        return self._match(method, path)

    def _match(self, method: bytes, path: bytes) -> tuple[Route, dict[str, str]]:
        """Returns what Klein's map has for a request; raises NotFound or MethodNotAllowed."""
        from werkzeug.exceptions import HTTPException
        from werkzeug.exceptions import MethodNotAllowed as WrongMethod
        from werkzeug.routing import RequestRedirect

        try:
            known = method.decode() if method in METHODS else NO_METHOD
            name, arguments = self.paths.match(path.decode("ascii"), known)
        except WrongMethod as error:
            raise MethodNotAllowed(sorted(error.valid_methods or ()), self.cors(path)) from None
        except (HTTPException, RequestRedirect, UnicodeDecodeError):
            raise NotFound from None
        return self._routes[name], dict[str, Any](arguments)

    def cors(self, path: bytes) -> Cors:
        """Returns who may read the answers of a path, whatever the method; NOBODY for an unknown path."""
        fixed = self._fixed.get(path)
        if fixed is not None:
            return next(iter(fixed.values())).cors
        text = path.decode("latin-1")
        for method in self.paths.allowed_methods(text) or ():
            name, _ = self.paths.match(text, method)
            return self._routes[name].cors
        return Cors.NOBODY

    def is_page(self, path: bytes) -> bool:
        """Whether people open this address in a browser; true for unknown ones."""
        return path not in self._protocol and not path.startswith(self._below)


def methods_of(route: Route) -> list[str]:
    """Returns the methods that a route answers: HEAD too, where it answers a GET that changes nothing."""
    return [*route.methods, *(["HEAD"] if "GET" in route.methods and not route.acts else [])]


def preflights(routes: list[Route]) -> list[Route]:
    """Returns the routes that answer preflight requests, one for each shared path, with all its methods."""
    shared = [route for route in routes if route.cors is not Cors.NOBODY]
    methods: dict[str, tuple[str, ...]] = {}
    for route in shared:
        methods[route.path] = methods.get(route.path, ()) + route.methods
    return [evolve(route, methods=("OPTIONS",), handler=preflight(methods[route.path])) for route in shared]
