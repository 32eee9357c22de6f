"""The URL table: paths, methods and handlers."""

from collections.abc import Awaitable, Callable

from attrs import evolve

from iam.endpoints import (
    authorization_addresses,
    device_authorization,
    passkey_endpoints,
    pushed_requests,
    resource,
    resource_metadata,
    user_info,
    webfinger,
)
from iam.endpoints.api.api import PATH as API
from iam.endpoints.dpop import giving_nonces
from iam.endpoints.errors import BearerErrors, OAuthErrors, RegistrationErrors
from iam.endpoints.metadata import REGISTRATION_ENDPOINT
from iam.endpoints.registration import RegistrationEndpoint
from iam.http.answers import Answer, see_other
from iam.http.cors import Cors
from iam.http.dispatch import Errors, Handler, Route
from iam.http.request import Request
from iam.oauth.resource_metadata import PATH as REGISTERED
from iam.pages.resuming import resuming
from iam.server.account_routes import account
from iam.server.admin_routes import admin
from iam.server.api_routes import api
from iam.server.application import Application
from iam.server.token_routes import tokens

SERVER_METADATA = ("/.well-known/oauth-authorization-server", "/.well-known/openid-configuration")
CHANGE_PASSWORD = "/.well-known/change-password"  # where password managers lead people (W3C Change Password URL)
HEALTH = ("/healthz", "/readyz")  # also at the host's root, for probes that do not know the issuer's path

# The addresses of django-oauth-toolkit, for clients that move from it: below /o, as in its tutorial.
TOOLKIT_PATH = "/o"
TOOLKIT = {
    "/authorize": "/authorize/",
    "/token": "/token/",
    "/revoke": "/revoke_token/",
    "/introspect": "/introspect/",
    "/userinfo": "/userinfo/",
    "/logout": "/logout/",
    "/jwks": "/.well-known/jwks.json",
    **{name: name for name in (*SERVER_METADATA, resource_metadata.PATH)},
}
TOOLKIT_PAGES = {
    "/applications/": "/applications",
    "/applications/register/": "/applications/register",
    "/authorized_tokens/": "/account/applications",
}


PROVED = ("/token", pushed_requests.PATH, user_info.PATH, resource.PATH)  # requests to them may have a DPoP proof


def protocol(application: Application) -> list[Route]:
    """Returns the routes of the endpoints that programs call."""
    shared, public, others = Cors.REGISTERED, Cors.EVERYBODY, errors(application)
    rows = [
        Route("/token", ("POST",), application.token.post, name="token_endpoint", cors=shared),
        Route(
            device_authorization.PATH,
            ("POST",),
            application.device_authorization.post,
            name="device_authorization_endpoint",
        ),
        Route(
            pushed_requests.PATH,
            ("POST",),
            application.pushed_request.post,
            name="pushed_authorization_request_endpoint",
            cors=shared,
        ),
        Route("/introspect", ("POST",), application.introspection.post, name="introspection_endpoint"),
        Route("/revoke", ("POST",), application.revocation.post, name="revocation_endpoint", cors=shared),
        Route("/userinfo", ("GET",), application.user_info.get, name="userinfo_endpoint", cors=shared),
        Route("/userinfo", ("POST",), application.user_info.post, cors=shared),
        *registration(application.registration),
        Route("/jwks", ("GET",), application.jwks.get, name="jwks_uri", cors=public),
        Route("/resource", ("GET",), application.resource.get, cors=shared),
        Route(REGISTERED, ("GET",), application.registered_resources.get, cors=public),
        Route("/healthz", ("GET",), application.health.alive),
        Route("/readyz", ("GET",), application.health.ready),
    ]
    return [
        evolve(
            row,
            handler=giving_nonces(row.handler, application.proofs.nonces) if row.path in PROVED else row.handler,
            errors=others.get(row.path) or OAuthErrors(row.path, application.explanations),
        )
        for row in rows
    ]


def errors(application: Application) -> dict[str, Errors]:
    """Returns the writers of errors that are not those of RFC 6749 §5.2, by path."""
    refusals, described = application.explanations, application.resource_metadata.address
    return {
        user_info.PATH: BearerErrors(user_info.PATH, refusals),
        resource.PATH: BearerErrors(resource.PATH, refusals, described, resource.SCOPE),
        **{path: RegistrationErrors(refusals) for path in ("/register", "/register/<client_id>")},
    }


def registration(endpoint: RegistrationEndpoint) -> list[Route]:
    """Returns the routes of client registration (RFC 7591, RFC 7592); pages of any origin may call them if registration is open."""
    cors = Cors.EVERYBODY if endpoint.open is True else Cors.NOBODY
    return [
        Route("/register", ("POST",), endpoint.register, name=REGISTRATION_ENDPOINT, cors=cors),
        Route("/register/<client_id>", ("GET",), endpoint.read, cors=cors),
        Route("/register/<client_id>", ("PUT",), endpoint.update, cors=cors),
        Route("/register/<client_id>", ("DELETE",), endpoint.delete, cors=cors),
    ]


def well_known(application: Application, rows: list[Route]) -> list[Route]:
    """Returns the routes of the metadata below the issuer; it is built from `rows`, so that it names exactly the addresses served."""
    server = application.metadata.of({row.name: row.path for row in rows if row.name})
    return [
        *(Route(name, ("GET",), server, cors=Cors.EVERYBODY) for name in SERVER_METADATA),
        Route(resource_metadata.PATH, ("GET",), application.resource_metadata.get, cors=Cors.EVERYBODY),
    ]


def at_root(application: Application, own: list[Route], path: str) -> list[Route]:
    """Returns the routes at the host's root: well-known names before the issuer's path (RFC 8414 §3.1, RFC 9728 §3.1), and health."""
    described = application.resource_metadata.get
    inserted = [evolve(row, path=row.path + path) for row in own if path and row.path.startswith("/.well-known/")]
    return [
        *inserted,
        *(row for row in own if path and row.path in HEALTH),
        Route(passkey_endpoints.PATH, ("GET",), application.passkey_endpoints.get),
        Route(webfinger.PATH, ("GET",), application.webfinger.get, cors=Cors.EVERYBODY),
        Route(CHANGE_PASSWORD, ("GET",), sends_to("/account/password"), page=True),
        Route(f"{resource_metadata.PATH}{path}{resource.PATH}", ("GET",), described, cors=Cors.EVERYBODY),
        Route(f"{resource_metadata.PATH}{path}{API}", ("GET",), application.api_metadata.get, cors=Cors.EVERYBODY),
    ]


def toolkit(own: list[Route], path: str) -> list[Route]:
    """Returns the same routes under django-oauth-toolkit's names, below /o; an issuer that ends in /o has them below itself."""
    below = path if path.endswith(TOOLKIT_PATH) else path + TOOLKIT_PATH
    names = [evolve(row, path=below + TOOLKIT[row.path]) for row in own if row.path in TOOLKIT]
    there = {path + row.path for row in own}
    pages = [Route(below + name, ("GET",), sends_to(target), page=True) for name, target in TOOLKIT_PAGES.items()]
    return [*(row for row in names if row.path not in there), *pages]


def pages(application: Application) -> list[Route]:
    """Returns the routes of the pages that people see."""
    applications, switches = application.applications, application.switches
    table: list[tuple[str, str, Handler]] = [
        ("/", "GET", application.home.show),
        ("/authorize", "GET", application.authorization.get),
        ("/authorize", "POST", application.authorization.post),
        (authorization_addresses.CONSENT, "POST", application.authorization.decide),
        (authorization_addresses.DEVICE_PATH, "GET", application.device.show),
        (authorization_addresses.DEVICE_PATH, "POST", application.device.submit),
        (authorization_addresses.DEVICE, "GET", application.device_consent.show),
        (authorization_addresses.DEVICE, "POST", application.device_consent.decide),
        ("/login", "GET", application.login.show),
        ("/login", "POST", application.login.submit),
        ("/login/factor", "GET", application.factor_choice.show),
        ("/login/passkey", "POST", application.passkey_login.submit),
        ("/login/factor/passkey", "GET", application.passkey_factor.show),
        ("/login/factor/passkey", "POST", application.passkey_factor.submit),
        ("/login/factor/totp", "GET", application.app_code.show),
        ("/login/factor/totp", "POST", application.app_code.submit),
        ("/login/factor/recovery", "GET", application.recovery_code.show),
        ("/login/factor/recovery", "POST", application.recovery_code.submit),
        ("/logout", "GET", application.logout.show),
        ("/logout", "POST", application.logout.submit),
        ("/accounts", "GET", application.accounts.show),
        ("/accounts", "POST", application.accounts.submit),
        *account(application),
        *links(application),
        ("/setup", "GET", application.setup.show),
        ("/setup", "POST", application.setup.submit),
        ("/applications", "GET", applications.list),
        ("/applications/register", "GET", applications.register),
        ("/applications/register", "POST", applications.save),
        ("/applications/<client_id>", "GET", applications.show),
        ("/applications/<client_id>/edit", "GET", applications.edit),
        ("/applications/<client_id>/edit", "POST", applications.update),
        ("/applications/<client_id>/disable", "GET", switches.confirm_disable),
        ("/applications/<client_id>/disable", "POST", switches.disable),
        ("/applications/<client_id>/enable", "GET", switches.confirm_enable),
        ("/applications/<client_id>/enable", "POST", switches.enable),
        ("/applications/<client_id>/delete", "GET", applications.confirm_delete),
        ("/applications/<client_id>/delete", "POST", applications.delete),
        ("/applications/<client_id>/secret", "GET", applications.new_secret),
        ("/applications/<client_id>/secret", "POST", applications.replace_secret),
        *tokens(application),
        *admin(application),
        ("/errors/<identifier>", "GET", application.errors.show),
        ("/static/<name>", "GET", application.static.get),
    ]
    names = {"/authorize": "authorization_endpoint", "/logout": "end_session_endpoint"}
    acting = {"/authorize", "/logout"}  # a GET may issue a code or end a session, if the person need not be asked
    offer = "/account/security/passkeys/offer"  # after a login, on the way to a client
    passages = {"/authorize", authorization_addresses.CONSENT, "/login/factor", "/logout", "/accounts", offer}
    sent = {path: handler for path, method, handler in table if method == "POST" and resumed(path)}
    return [
        Route(
            path,
            (method,),
            resuming(application.visitors, handler, sent[path]) if method == "GET" and path in sent else handler,
            page=True,
            acts=path in acting,
            passage=path in passages or tried(path),
            writes=not tried(path) and (method == "POST" or path in acting),
            name=names.get(path),
        )
        for path, method, handler in table
    ]


def resumed(path: str) -> bool:
    """Whether a form at this path is for a person who is logged in, and is shown again to who had to log in first."""
    return path.startswith(("/account/", "/admin/", "/applications/"))


def tried(path: str) -> bool:
    """Whether wrong secrets limit this page instead of the budgets for writing, so that other forms cannot hold up a login."""
    return path in ("/login", "/login/passkey") or path.startswith("/login/factor/")


def links(application: Application) -> list[tuple[str, str, Handler]]:
    """Returns the pages that mail a link, and those behind links."""
    return [
        ("/signup", "GET", application.sign_up.show),
        ("/signup", "POST", application.sign_up.submit),
        ("/signup/account", "GET", application.new_account.show),
        ("/signup/account", "POST", application.new_account.submit),
        ("/reset", "GET", application.reset.show),
        ("/reset", "POST", application.reset.submit),
        ("/reset/password", "GET", application.new_password.show),
        ("/reset/password", "POST", application.new_password.submit),
        ("/invitation", "GET", application.invitation.show),
        ("/invitation", "POST", application.invitation.submit),
        ("/verification", "GET", application.verification.show),
        ("/verification", "POST", application.verification.submit),
        ("/account/verification", "GET", application.verification_request.show),
        ("/account/verification", "POST", application.verification_request.submit),
    ]


def all_routes(application: Application, path: str = "") -> list[Route]:
    """Returns the whole table of an issuer with this path, django-oauth-toolkit's addresses included."""
    rows = [*protocol(application), *api(application), *pages(application)]
    own = [*rows, *well_known(application, rows)]
    front = [Route(path, ("GET",), sends_to("/"), page=True)] if path else []
    below = [evolve(row, path=path + row.path) for row in own]
    return [*front, *below, *toolkit(own, path), *at_root(application, own, path)]


def sends_to(path: str) -> Callable[..., Awaitable[Answer]]:
    """Returns a handler that redirects to `path`."""

    async def handler(_: Request) -> Answer:
        return see_other(path)

    return handler
