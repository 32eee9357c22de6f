"""The URL table: path, methods, handler."""

from collections.abc import Awaitable, Callable

from attrs import frozen

from iam.endpoints.authorization import AuthorizationEndpoint
from iam.endpoints.health import Health
from iam.endpoints.introspection import IntrospectionEndpoint
from iam.endpoints.jwks import Jwks
from iam.endpoints.metadata import Metadata
from iam.endpoints.resource import Resource
from iam.endpoints.revocation import RevocationEndpoint
from iam.endpoints.token import TokenEndpoint
from iam.pages.applications import Applications
from iam.pages.home import Home
from iam.pages.login import Login
from iam.pages.logout import Logout
from iam.pages.setup import Setup
from iam.pages.static import Static
from iam.web.answers import Answer, see_other
from iam.web.dispatch import Handler, Route
from iam.web.request import Request

# RFC 8414 §2: the name of each endpoint in the metadata, which are made from this table, so that they cannot lie.
ENDPOINTS = {
    "authorization_endpoint": "/authorize",
    "token_endpoint": "/token",
    "revocation_endpoint": "/revoke",
    "introspection_endpoint": "/introspect",
    "jwks_uri": "/jwks",
}

# The addresses of django-oauth-toolkit, for those who come from there.
TOOLKIT = {
    "/authorize": "/o/authorize/",
    "/token": "/o/token/",
    "/revoke": "/o/revoke_token/",
    "/introspect": "/o/introspect/",
    "/.well-known/oauth-authorization-server": "/o/.well-known/oauth-authorization-server",
}
TOOLKIT_PAGES = {"/o/applications/": "/applications", "/o/applications/register/": "/applications/register"}


@frozen
class Handlers:
    """Everything that answers a request."""

    authorization: AuthorizationEndpoint
    token: TokenEndpoint
    introspection: IntrospectionEndpoint
    revocation: RevocationEndpoint
    metadata: Metadata
    jwks: Jwks
    resource: Resource
    health: Health
    home: Home
    login: Login
    logout: Logout
    setup: Setup
    applications: Applications
    static: Static


def protocol(handlers: Handlers) -> list[Route]:
    """What programs call."""
    return [
        Route("/token", ("POST",), handlers.token.post),
        Route("/introspect", ("POST",), handlers.introspection.post),
        Route("/revoke", ("POST",), handlers.revocation.post),
        Route("/jwks", ("GET",), handlers.jwks.get),
        Route("/resource", ("GET",), handlers.resource.get),
        Route("/.well-known/oauth-authorization-server", ("GET",), handlers.metadata.get),
        Route("/healthz", ("GET",), handlers.health.alive),
        Route("/readyz", ("GET",), handlers.health.ready),
    ]


def pages(handlers: Handlers) -> list[Route]:
    """What people see."""
    applications = handlers.applications
    table: list[tuple[str, str, Handler]] = [
        ("/", "GET", handlers.home.show),
        ("/authorize", "GET", handlers.authorization.get),
        ("/authorize", "POST", handlers.authorization.post),
        ("/login", "GET", handlers.login.show),
        ("/login", "POST", handlers.login.submit),
        ("/logout", "GET", handlers.logout.show),
        ("/logout", "POST", handlers.logout.submit),
        ("/setup", "GET", handlers.setup.show),
        ("/setup", "POST", handlers.setup.submit),
        ("/applications", "GET", applications.list),
        ("/applications/register", "GET", applications.register),
        ("/applications/register", "POST", applications.save),
        ("/applications/<client_id>", "GET", applications.show),
        ("/applications/<client_id>/edit", "GET", applications.edit),
        ("/applications/<client_id>/edit", "POST", applications.update),
        ("/applications/<client_id>/delete", "GET", applications.confirm_delete),
        ("/applications/<client_id>/delete", "POST", applications.delete),
        ("/applications/<client_id>/secret", "GET", applications.new_secret),
        ("/applications/<client_id>/secret", "POST", applications.replace_secret),
        ("/static/<name>", "GET", handlers.static.get),
    ]
    return [Route(path, (method,), handler, page=True) for path, method, handler in table]


def all_routes(handlers: Handlers) -> list[Route]:
    """The whole table, the addresses of django-oauth-toolkit included."""
    own = [*protocol(handlers), *pages(handlers)]
    same = [
        Route(TOOLKIT[route.path], route.methods, route.handler, page=route.page)
        for route in own
        if route.path in TOOLKIT
    ]
    elsewhere = [Route(path, ("GET",), sends_to(target), page=True) for path, target in TOOLKIT_PAGES.items()]
    return [*own, *same, *elsewhere]


def sends_to(path: str) -> Callable[..., Awaitable[Answer]]:
    """A handler for an address that people remember from elsewhere."""

    async def handler(_: Request) -> Answer:
        return see_other(path)

    return handler
