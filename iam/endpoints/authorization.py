"""The authorization endpoint (RFC 6749 §3.1): one decision in one place.

Error page (client or redirect URI wrong: nobody is redirected), error redirect, login, consent, code. Login and consent
come back here, and the request is validated again each time: its own parameters are the state.
"""

from collections.abc import Callable
from hashlib import sha256
from urllib.parse import quote, urlsplit

from attrs import frozen
from oauthlib.oauth2.rfc6749.errors import FatalClientError, OAuth2Error
from twisted.logger import Logger

from iam.accounts.sessions import Session
from iam.oauth import redirect_uris
from iam.oauth.consent import Consent
from iam.oauth.refusals import Refusals
from iam.oauth.request import Request as AuthorizationRequest
from iam.oauth.server import Server
from iam.web.answers import Answer, Refusal, found, see_other
from iam.web.parameters import ParameterError, Parameters, parse, query_parameters, query_text
from iam.web.request import Request
from iam.web.templates import Theme
from iam.web.visitors import Visitors

log = Logger()

PATH = "/authorize"
PATHS = (PATH, "/o/authorize/")
LIFETIME = 600  # seconds, of the question to the person (H19)
REFUSED = (
    "The application that sent you here made a mistake: we do not know it, or it asked us to send you to an address "
    "that it has not registered. You can close this page; tell the application's makers if it happens again."
)


@frozen
class AuthorizationEndpoint:
    """Asks the person, and sends the browser back to the client with a code or an error."""

    server: Server
    consent: Consent
    visitors: Visitors
    theme: Theme
    refusals: Refusals

    async def get(self, request: Request) -> Answer:
        """An authorization request arrives, or comes back from the login."""
        parameters, authorization = await self._validated(request, found)
        session = await self._somebody(request)
        if await self.consent.covers(session.user_id, authorization):
            return found(await self._allow(request, parameters, authorization, session))
        return await self._ask(request, authorization, session)

    async def post(self, request: Request) -> Answer:
        """The person decided. The request is the one in the address, and the form's token is bound to it."""
        parameters, authorization = await self._validated(request, see_other)
        session = await self._somebody(request)
        form = self.visitors.form(request, purpose(request), lifetime=LIFETIME)
        if form.get("decision") == "allow":
            return see_other(await self._allow(request, parameters, authorization, session))
        log.info("consent refused: client {client_id}", client_id=authorization.client.client_id)
        return see_other(self._error_location(request, self.server.denied(authorization)))

    async def leads_to(self, address: str) -> str | None:
        """Where the authorization request behind a login sends the browser in the end, as a source for CSP's form-action.

        Browsers hold the redirects after a form to the policy of the page with the form.
        """
        path, _, query = address.partition("?")
        if path not in PATHS:
            return None
        try:
            authorization = await self.server.authorization(parse(query.encode()))
        except (ParameterError, OAuth2Error):
            return None
        return redirect_uris.origin(authorization.redirect_uri)

    async def _validated(
        self, request: Request, sent: Callable[[str], Answer]
    ) -> tuple[Parameters, AuthorizationRequest]:
        """The authorization request; otherwise an error page, or the browser is `sent` to the client with the error."""
        try:
            parameters = query_parameters(request)
            return parameters, await self.server.authorization(parameters)
        except (ParameterError, FatalClientError) as error:
            raise Refusal(self._refused(request, error)) from None
        except OAuth2Error as error:
            raise Refusal(sent(self._error_location(request, error))) from None

    async def _somebody(self, request: Request) -> Session:
        """Who is logged in; otherwise to the login, and back here."""
        session: Session | None = await self.visitors.session(request)
        if session is None:
            raise Refusal(see_other("/login?next=" + quote(f"{PATH}?{query_text(request)}", safe="")))
        return session

    async def _allow(
        self, request: Request, parameters: Parameters, authorization: AuthorizationRequest, session: Session
    ) -> str:
        try:
            location = await self.server.allow(parameters, session, request.client_address)
        except FatalClientError as error:  # the client was changed since it was looked at
            raise Refusal(self._refused(request, error)) from None
        except OAuth2Error as error:
            return self._error_location(request, error)
        log.info(
            "authorization granted: client {client_id}, user {user_id}",
            client_id=authorization.client.client_id,
            user_id=str(session.user_id),
        )
        return location

    async def _ask(self, request: Request, authorization: AuthorizationRequest, session: Session) -> Answer:
        return self.theme.page(
            "consent.html",
            form_action=redirect_uris.origin(authorization.redirect_uri),
            client=authorization.client,
            person=session,
            scopes=await self.consent.question(authorization),
            redirect_host=urlsplit(authorization.redirect_uri).netloc or authorization.redirect_uri.partition(":")[0],
            csrf_token=self.visitors.token(request, purpose(request)),
            action=f"{PATH}?{query_text(request)}",
        )

    def _error_location(self, request: Request, error: OAuth2Error) -> str:
        return self.server.error_location(error, self.refusals.kept(PATH, error, request.client_address))

    def _refused(self, request: Request, error: Exception) -> Answer:
        """The same page for an unknown client and a wrong redirect URI, so that neither can be found out by asking."""
        log.info("authorization request refused: {reason}", reason=type(error).__name__)
        error_uri = self.refusals.kept(PATH, error, request.client_address)
        return self.theme.error(400, "This request cannot be used", REFUSED, error_uri=error_uri)


def purpose(request: Request) -> str:
    """What the consent form's token is good for: this very request (H19)."""
    return "consent " + sha256(query_text(request).encode()).hexdigest()
