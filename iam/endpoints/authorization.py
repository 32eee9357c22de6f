"""The authorization endpoint (RFC 6749 §3.1, OpenID Connect Core §3.1.2): one decision in one place.

Error page (client or redirect URI wrong: nobody is redirected), error redirect, login, consent, code. Login and consent
come back here, and the request is validated again each time: its own parameters are the state. A request that allows no
page (prompt=none) gets an error where a page would be.
"""

from hashlib import sha256
from typing import Final
from urllib.parse import quote, urlencode

from attrs import frozen
from twisted.logger import Logger

from iam.authorization.consent import Consent, Question
from iam.authorization.errors import AuthorizationError, access_denied, consent_required, login_required
from iam.authorization.person import Authentication
from iam.authorization.request import Answerable, AuthorizationRequest, InvalidAuthorizationRequest
from iam.authorization.response import AuthorizationResponse
from iam.browser import csrf
from iam.browser.accounts import Account, Accounts
from iam.browser.addresses import leading_to
from iam.browser.interactions import CHOICE, LOGIN, Interactions, unmarked
from iam.browser.theme import Theme
from iam.browser.visitors import Stale, Visitors
from iam.clients import client_card
from iam.clients.client_card import Introduction
from iam.clients.refusals import Explanations
from iam.http.answers import Answer, AnswerNow, found, see_other
from iam.http.parameters import ParameterError, ParsedParameters, form_parameters, parse, query_text
from iam.http.request import Request
from iam.oauth.errors import FatalClientError
from iam.protocol.server import Server
from iam.records.session import Session

log = Logger()

PATH: Final = "/authorize"
PATHS: Final = (PATH, "/authorize/", "/o/authorize/")  # and the name that django-oauth-toolkit has for it
CONSENT: Final = "/authorize/consent"
LIFETIME: Final = 600  # seconds, of the question to the person (H19)
LONGEST: Final = 8192  # characters of a request, which stands quoted in the address of the login
REFUSED: Final = (
    "The application that sent you here made a mistake: we do not know it, or it asked us to send you to an address "
    "that it has not registered. You can close this page; tell the application's makers if it happens again."
)
TOO_LONG: Final = (
    f"The application that sent you here asked for more than fits into an address: at most {LONGEST} characters. "
    "You can close this page; tell the application's makers if it happens again."
)


@frozen
class AuthorizationEndpoint:
    """Asks the person, and sends the browser back to the client with a code or an error."""

    server: Server
    authentication: Authentication
    consent: Consent
    visitors: Visitors
    interactions: Interactions
    theme: Theme
    refusals: Explanations

    async def get(self, request: Request) -> Answer:
        """An authorization request arrives, or comes back from the login."""
        authorization = await self._validated(request)
        if authorization.fetched is not None:
            return found(by_value(authorization))
        account = await self._authenticated(request, authorization)
        if await self.consent.covers(account.session.user_id, authorization):
            return await self._allow(request, authorization, account.session, asked=False)
        if authorization.authentication.silent:
            raise self._error(request, authorization, consent_required())
        return self._ask(request, authorization, account, await self.consent.question(authorization))

    async def post(self, request: Request) -> Answer:
        """The same in a form (OpenID Connect Core §3.1.2.1). From other sites no cookie comes with one, but with the GET."""
        try:
            parameters = form_parameters(request)
        except ParameterError as error:
            raise AnswerNow(self._refused(request, error, error.status)) from None
        query = urlencode([(name, value) for name in parameters for value in parameters.all(name)])
        if len(query) > LONGEST:
            raise self.theme.refusal(413, "This request is too long", TOO_LONG)
        return see_other(f"{PATH}?{query}")

    async def decide(self, request: Request) -> Answer:
        """The person decided. The request is the one in the address, and the form's token is bound to it and to what was shown.

        Where the page would show something else by now, nobody has decided upon that: it is shown again.
        """
        authorization = await self._validated(request)
        account = await self._authenticated(request, authorization)
        sent = self.visitors.sent(request, purpose(request), lifetime=LIFETIME, secret=account.secret)
        form = sent.fields
        if form.get("decision") != "allow" and not sent.stale:
            log.info("consent refused: client {client_id}", client_id=authorization.client.client_id)
            raise self._error(request, authorization, access_denied())
        question = await self.consent.question(authorization)
        if sent.stale:
            return self._ask(request, authorization, account, question, stale=sent.stale)
        if not self.visitors.showed(form, csrf.digest(question.shown)):
            log.info("consent asked for again: client {client_id}", client_id=authorization.client.client_id)
            return self._ask(request, authorization, account, question, changed=True)
        return await self._allow(request, authorization, account.session)

    async def introduce(self, address: str) -> Introduction | None:
        """The client whose authorization request is behind a login; None for other addresses, and for requests that are none."""
        path, _, query = address.partition("?")
        if path not in PATHS:
            return None
        try:
            authorization = await self.server.authorization(self._parameters(query))
        except (ParameterError, FatalClientError, InvalidAuthorizationRequest):
            return None
        return client_card.introduction(authorization.client, authorization.redirect_uri)

    def after_login(self, address: str, cookie: str) -> str:
        """Where to go on after a login: an authorization request is told that it happened for it."""
        return self._after(LOGIN, address, cookie)

    def after_choice(self, address: str, cookie: str) -> str:
        """Where to go on after somebody chose among the accounts of their browser; the same."""
        return self._after(CHOICE, address, cookie)

    def _after(self, did: str, address: str, cookie: str) -> str:
        return self.interactions.marked(address, did, cookie) if address.partition("?")[0] in PATHS else address

    def _parameters(self, query: str) -> ParsedParameters:
        """What a request asks for; raises ParameterError."""
        return parse(query.encode())

    async def _validated(self, request: Request) -> AuthorizationRequest:
        """The authorization request; otherwise an error page, or the client is told the error."""
        query = query_text(request)
        if len(unmarked(query)) > LONGEST:
            raise self.theme.refusal(414, "This request is too long", TOO_LONG)
        try:
            return await self.server.authorization(self._parameters(query))
        except (ParameterError, FatalClientError) as error:
            raise AnswerNow(self._refused(request, error)) from None
        except InvalidAuthorizationRequest as invalid:
            raise await self._mistaken(request, invalid) from None

    async def _mistaken(self, request: Request, asked: InvalidAuthorizationRequest) -> AnswerNow:
        """The client is told what is wrong with its request: where nobody answers for it and nobody is logged in, by a button.

        Else whoever registers could lead people anywhere by an address of ours. A request that allows no page gets a redirect
        (Core §3.1.2.1).
        """
        stranger = client_card.stranger(asked.client)
        if asked.silent or not stranger or (await self.visitors.accounts(request)).active:
            return self._error(request, asked, asked.error)
        response = self._refusal(request, asked, asked.error)
        host = client_card.host_of(response.redirect_uri)
        page = self.theme.page(
            "continue.html", 400, leaving=response.posted, client=asked.client, response=response, host=host
        )
        return AnswerNow(page)

    async def _authenticated(self, request: Request, authorization: AuthorizationRequest) -> Account:
        """Who is logged in, as the request wants it; otherwise to the login or the account chooser, and back here."""
        accounts = await self.visitors.accounts(request)
        did = self._done(request, accounts.active)
        account = accounts.active if did else self._meant(accounts, authorization)
        meant = account is not None and self.authentication.meant(authorization, account.session)
        choosing = authorization.authentication.wants_choice and not did
        recent = account is not None and (did == LOGIN or self.authentication.recent(authorization, account.session))
        if account and meant and recent and not choosing:
            return account
        if authorization.authentication.silent:
            raise self._error(request, authorization, login_required("prompt=none"))
        if did and not meant:
            raise self._error(request, authorization, login_required("a login of somebody else"))
        if choosing and list(accounts):
            raise AnswerNow(see_other(choosing_address(request)))
        expected = account.session.username if account and meant else ""
        raise AnswerNow(see_other(login_address(request, authorization, account, expected)))

    def _done(self, request: Request, active: Account | None) -> str | None:
        """What the person in use has just done for this request, if anything."""
        secret = active.secret if active else None
        return next(
            (did for did in (LOGIN, CHOICE) if self.interactions.proven(query_text(request), did, secret)), None
        )

    def _meant(self, accounts: Accounts, authorization: AuthorizationRequest) -> Account | None:
        """The account in use; for an id_token_hint the one of this browser that it names, if there is one (Core §3.1.2.1)."""
        if authorization.authentication.hinted is None:
            return accounts.active
        named = (one for one in accounts if self.authentication.meant(authorization, one.session))
        return next(named, accounts.active)

    async def _allow(
        self, request: Request, authorization: AuthorizationRequest, session: Session, *, asked: bool = True
    ) -> Answer:
        try:
            response = await self.server.allow(authorization, session, request.client_address, asked=asked)
        except AuthorizationError as error:
            raise self._error(request, authorization, error) from None
        log.info(
            "authorization granted: client {client_id}, user {user_id}",
            client_id=authorization.client.client_id,
            user_id=str(session.user_id),
        )
        if authorization.left_out is not None:
            self.refusals.noted(PATH, authorization.left_out, request.client_address)
        return self._answer(request, response)

    def _ask(
        self,
        request: Request,
        authorization: AuthorizationRequest,
        account: Account,
        question: Question,
        *,
        changed: bool = False,
        stale: Stale | None = None,
    ) -> Answer:
        """The consent page; `changed` says that it was shown before, with something else on it, `stale` why that counts no more."""
        introduced = client_card.introduction(authorization.client, authorization.redirect_uri)
        return self.theme.page(
            "consent.html",
            403 if stale else 200,
            leaving=True,
            stale=stale,
            image_source=introduced.image_source,
            client=authorization.client,
            introduced=introduced,
            person=account.session,
            scopes=question.scopes,
            resources=question.resources,
            changed=changed,
            redirect_host=introduced.host,
            csrf_token=self.visitors.token(
                request, purpose(request), account.secret, shown=csrf.digest(question.shown)
            ),
            action=f"{request.base}{CONSENT}?{query_text(request)}",
            elsewhere=None if authorization.authentication.hinted else request.base + choosing_address(request),
        )

    def _answer(self, request: Request, response: AuthorizationResponse) -> Answer:
        """The way to the client: a redirect, or a page with a form (Form Post Response Mode §2)."""
        if response.posted:
            return self.theme.page(
                "form_post.html",
                leaving=True,
                scripted=True,
                response=response,
                redirect_host=client_card.host_of(response.redirect_uri),
            )
        return see_other(response.location) if request.method == b"POST" else found(response.location)

    def _error(self, request: Request, asked: Answerable, error: AuthorizationError) -> AnswerNow:
        """The client is told what is wrong."""
        return AnswerNow(self._answer(request, self._refusal(request, asked, error)))

    def _refusal(self, request: Request, asked: Answerable, error: AuthorizationError) -> AuthorizationResponse:
        """What the client is told, with where its makers can read why."""
        error_uri = self.refusals.kept(PATH, error.of_client(asked.client.id), request.client_address)
        return self.server.refuse(asked, error, error_uri)

    def _refused(self, request: Request, error: Exception, status: int = 400) -> Answer:
        """The same page for an unknown client and a wrong redirect URI, so that neither can be found out by asking."""
        request.say(log, "authorization request refused: {reason}", reason=type(error).__name__)
        error_uri = self.refusals.kept(PATH, error, request.client_address)
        return self.theme.error(status, "This request cannot be used", REFUSED, error_uri=error_uri)


def by_value(authorization: AuthorizationRequest) -> str:
    """The same request with its request object instead of a reference, which is asked once and could change (RFC 9101 §6.3)."""
    told = {"client_id": authorization.client.client_id, "request": authorization.fetched}
    return f"{PATH}?{urlencode(told)}"


def purpose(request: Request) -> str:
    """What the consent form's token is good for: this very request (H19)."""
    return "consent " + sha256(query_text(request).encode()).hexdigest()


def own_address(request: Request) -> str:
    """The authorization request as it came."""
    return f"{PATH}?{unmarked(query_text(request))}"


def choosing_address(request: Request) -> str:
    """The account chooser that leads back here."""
    return leading_to("/accounts", own_address(request), request.base)


def login_address(request: Request, authorization: AuthorizationRequest, account: Account | None, expected: str) -> str:
    """The login that leads back here, with the name filled in. Who is logged in logs in again, whoever they are then."""
    told = {"next": request.base + own_address(request)}
    asked = authorization.authentication
    if account is not None or asked.wants_login:
        told["login"] = "again"
    if hint := asked.login_hint or expected:
        told["login_hint"] = hint
    return "/login?" + urlencode(told, safe="", quote_via=quote)
