"""The answers of the authorization endpoint: the consent page, responses to the client, error pages."""

from collections.abc import Collection, Mapping
from typing import Final

from twisted.logger import Logger

from iam.authorization import factor_needed
from iam.authorization.decision import Enrol
from iam.authorization.errors import ACCESS_DENIED, AuthorizationError
from iam.authorization.pushed_requests import HandleError
from iam.authorization.question import Question
from iam.authorization.request import Answerable, AuthorizationRequest, InvalidAuthorizationRequest
from iam.authorization.response import AuthorizationResponse
from iam.authorization.signed_responses import UnanswerableError
from iam.browser import csrf
from iam.browser.accounts import Account
from iam.browser.theme import Theme
from iam.browser.visitors import Stale, Visitors
from iam.clients import client_card
from iam.clients.refusals import Explanations
from iam.endpoints.authorization_addresses import CONSENT, PATH, choosing_address, purpose
from iam.http.answers import Answer, AnswerNow, Script, found, see_other
from iam.http.parameters import query_text
from iam.http.request import Request
from iam.oauth.errors import FatalClientError
from iam.protocol.server import Server
from iam.records.session import Session
from iam.service import service

log = Logger()

LONGEST: Final = 8192  # characters of a request: the address of the login contains it, quoted
UNUSABLE: Final = (
    "The application that sent you here made a mistake: we do not know it, or it asked us to send you to an address "
    "that it has not registered. You can close this page; tell the application's makers if it happens again."
)
OVER: Final = (
    "It has been answered, or is too old, or was opened in another browser. Go back to the application that sent you "
    "here, and begin again there."
)
KEYLESS: Final = (
    "The application that sent you here wants an encrypted answer, and its key cannot be had now. Go back to it, and try "
    "again later."
)
SENTENCES: Final[Mapping[type[Exception], str]] = {HandleError: OVER, UnanswerableError: KEYLESS}
TOO_LONG: Final = (
    f"The application that sent you here asked for more than fits into an address: at most {LONGEST} characters. "
    "You can close this page; tell the application's makers if it happens again."
)


@service
class AuthorizationAnswers:
    """Writes the answers, and keeps the reasons of refusals."""

    server: Server
    visitors: Visitors
    theme: Theme
    refusals: Explanations

    def ask(
        self,
        request: Request,
        account: Account,
        question: Question,
        *,
        ticked: Collection[str] = (),
        changed: bool = False,
        nothing: bool = False,
        stale: Stale | None = None,
    ) -> Answer:
        """Returns the consent page.

        `changed` says that it was shown before with something else on it, `stale` why the form that came is refused, and
        `nothing` that nothing was selected there. The scopes that were `ticked` in that form still are; of a page that is
        new, all are.
        """
        authorization = question.request
        introduced = client_card.introduction(authorization.client, authorization.redirect_uri)
        return self.theme.page(
            "consent.html",
            403 if stale else 400 if nothing else 200,
            leaving=True,
            stale=stale,
            image_source=introduced.image_source,
            client=authorization.client,
            introduced=introduced,
            person=account.session,
            places=question.places,
            choices=question.choices,
            trusted=question.trusted,
            taken_back=question.taken_back,
            ticked=ticked or {scope.name for scope in question.scopes if not nothing},
            changed=changed,
            nothing=nothing,
            redirect_host=introduced.host,
            csrf_token=self.visitors.token(
                request, purpose(request), account.secret, shown=csrf.digest(question.shown)
            ),
            action=f"{request.base}{CONSENT}?{query_text(request)}",
            elsewhere=None if authorization.authentication.hinted else request.base + choosing_address(request),
        )

    def respond(self, request: Request, response: AuthorizationResponse) -> Answer:
        """Returns the response to the client: a redirect, or a page with a form (Form Post Response Mode §2)."""
        if response.posted:
            return self.theme.page(
                "form_post.html",
                leaving=True,
                script=Script.PLAIN,
                response=response,
                redirect_host=client_card.host_of(response.redirect_uri),
            )
        return see_other(response.location) if request.method == b"POST" else found(response.location)

    async def refuse(
        self, request: Request, asked: Answerable, error: AuthorizationError, person: Session | None = None
    ) -> Answer:
        """Returns an error response to the client; `person` is who is logged in."""
        return self.respond(request, await self._error_response(request, asked, error, person))

    async def refuse_invalid(self, request: Request, asked: InvalidAuthorizationRequest) -> Answer:
        """Returns the error response to an invalid request.

        If nobody answers for the client and nobody is logged in, it is a page with a button: otherwise anybody who
        registers a client could redirect people anywhere from an address of ours. A request that allows no page gets a
        redirect (Core §3.1.2.1).
        """
        stranger = client_card.stranger(asked.client)
        person = await self.visitors.session(request)
        if asked.silent or not stranger or person:
            return await self.refuse(request, asked, asked.error, person)
        response = await self._error_response(request, asked, asked.error)
        host = client_card.host_of(response.redirect_uri)
        return self.theme.page(
            "continue.html", 400, leaving=response.posted, client=asked.client, response=response, host=host
        )

    async def exclude(
        self, request: Request, asked: AuthorizationRequest, session: Session, error: AuthorizationError
    ) -> Answer:
        """Returns the page that tells a person that the application is not for them, with the way back to it.

        A request that allows no page, or of which only the scopes are not for them, gets a redirect.
        """
        if asked.authentication.silent or error.error != ACCESS_DENIED:
            return await self.refuse(request, asked, error, session)
        response = await self._error_response(request, asked, error, session)
        return self.theme.page(
            "not_admitted.html",
            403,
            leaving=response.posted,
            client=asked.client,
            person=session,
            response=response,
            host=client_card.host_of(response.redirect_uri),
            elsewhere=None if asked.authentication.hinted else request.base + choosing_address(request),
        )

    def refuse_unusable(
        self, request: Request, error: Exception, status: int = 400, person: Session | None = None
    ) -> Answer:
        """Returns the error page of a request that cannot be answered to the client.

        It is the same for an unknown client and for a wrong redirect URI, so that neither can be found out by trying.
        `person` is who is logged in.
        """
        request.say(log, "authorization request refused: {reason}", reason=type(error).__name__)
        error_uri = self.refusals.kept(PATH, error, request.client_address, user_id=person.user_id if person else None)
        return self.theme.error(
            status,
            "This request cannot be used",
            SENTENCES.get(type(error), UNUSABLE),
            error_uri=error_uri,
        )

    def note_factor(self, request: Request, asked: AuthorizationRequest, step: Enrol) -> None:
        """Stores that a person has to add a factor first: until they do, the application gets no answer."""
        reason, user_id = factor_needed.reason(asked, step), step.person.session.user_id
        self.refusals.noted(PATH, reason, request.client_address, user_id, factor_needed.ERROR)

    def refuse_long(self, status: int) -> AnswerNow:
        """Returns the error page to raise for a request that is too long for an address."""
        return self.theme.refusal(status, "This request is too long", TOO_LONG)

    async def _error_response(
        self, request: Request, asked: Answerable, error: AuthorizationError, person: Session | None = None
    ) -> AuthorizationResponse:
        """Returns the error response, with the error_uri at which the client's owner can read the reason.

        Raises AnswerNow with a page if the client could not be told.
        """
        told, user_id = error.of_client(asked.client.id), person.user_id if person else None
        error_uri = self.refusals.kept(PATH, told, request.client_address, user_id=user_id)
        try:
            return await self.server.refuse(asked, error, error_uri)
        except FatalClientError as unanswerable:
            raise AnswerNow(self.refuse_unusable(request, unanswerable, person=person)) from None
