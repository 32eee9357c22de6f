"""The authorization endpoint (RFC 6749 §3.1, OpenID Connect Core §3.1.2).

It answers with an error page if the client or the redirect URI is wrong, so that nobody is redirected; otherwise with
the login, the account chooser, the consent page, or a response to the client: a code, for example, or an error. Login,
account chooser and consent lead back here, and the request is validated again each time: its own parameters are the
state. A request that allows no page (prompt=none) gets an error where a page would be.
"""

from collections.abc import Iterator
from functools import partial
from typing import Final
from urllib.parse import urlencode

from twisted.logger import Logger

from iam.authorization.consent import Consent, Standing
from iam.authorization.decision import (
    Allow,
    Ask,
    Choose,
    Decision,
    Enrol,
    Login,
    Prove,
    Refuse,
)
from iam.authorization.errors import AuthorizationError, deny, require_interaction
from iam.authorization.question import BOX
from iam.authorization.request import AuthorizationRequest, InvalidAuthorizationRequest
from iam.browser import csrf
from iam.browser.accounts import Accounts
from iam.browser.interactions import CHOICE, LOGIN, Interactions, strip_marks
from iam.browser.visitors import Visitors
from iam.clients import client_card
from iam.clients.client_card import Introduction
from iam.endpoints.authorization_addresses import (
    DEVICE,
    PATH,
    PATHS,
    by_value,
    choosing_address,
    login_address,
    purpose,
    step_address,
)
from iam.endpoints.authorization_answers import LONGEST, AuthorizationAnswers
from iam.endpoints.handles import Handles
from iam.endpoints.judgement import Excluded, Judged, Judgement
from iam.http.answers import Answer, AnswerNow, found, see_other
from iam.http.parameters import ParameterError, ParsedParameters, form_parameters, parse, query_text
from iam.http.request import Request
from iam.oauth.errors import FatalClientError
from iam.oauth.reasons import Reason, shown
from iam.protocol.server import Server
from iam.records.session import Session
from iam.service import service

log = Logger()

LIFETIME: Final = 600  # seconds for which a consent page may be answered (H19)


@service
class AuthorizationEndpoint:
    """Answers authorization requests, and the forms of consent pages."""

    server: Server
    handles: Handles
    judgement: Judgement
    consent: Consent
    visitors: Visitors
    interactions: Interactions
    answers: AuthorizationAnswers

    async def get(self, request: Request) -> Answer:
        """Answers an authorization request, new or back from the login or the account chooser. Raises AnswerNow."""
        authorization = await self._validate(request)
        if authorization.fetched is not None:
            return found(by_value(authorization))
        accounts = await self.visitors.accounts(request)
        judged = await self._judge(request, authorization, accounts)
        person, authorization = judged.person, judged.request
        standing = await self.consent.standing(person.session.user_id, authorization) if person else None
        decision = judged.decide(consented=standing is not None)
        return await self._answer(request, authorization, accounts, decision, trusted=standing is Standing.TRUSTED)

    async def post(self, request: Request) -> Answer:
        """Redirects an authorization request in a form to the same request as a GET (Core §3.1.2.1). Raises AnswerNow.

        With a form from another site browsers send no cookies, with the GET they do.
        """
        try:
            parameters = form_parameters(request)
        except ParameterError as error:
            raise AnswerNow(self.answers.refuse_unusable(request, error, error.status)) from None
        query = urlencode([(name, value) for name in parameters for value in parameters.all(name)])
        if len(query) > LONGEST:
            raise self.answers.refuse_long(413)
        return see_other(f"{PATH}?{query}")

    async def decide(self, request: Request) -> Answer:
        """Answers the form of a consent page. Raises AnswerNow.

        The request is the one in the address; the form's token is bound to it, and to what the page showed. If the page
        would show something else by now, it is shown again, because the person has not decided about that.
        """
        authorization = await self._validate(request)
        accounts = await self.visitors.accounts(request)
        judged = await self._judge(request, authorization, accounts)
        authorization, decision = judged.request, judged.decide(consented=False)
        if not isinstance(decision, Ask):
            return await self._answer(request, authorization, accounts, decision)
        account = accounts.with_session(decision.person.session)
        sent = self.visitors.receive(request, purpose(request), lifetime=LIFETIME, secret=account.secret)
        if sent.fields.get("decision") != "allow" and not sent.stale:
            log.info("consent refused: client {client_id}", client_id=authorization.client.client_id)
            return await self.answers.refuse(request, authorization, deny(), account.session)
        question = await self.consent.question(account.session.user_id, authorization)
        ask = partial(self.answers.ask, request, account, question, ticked=ticked(sent.fields))
        if sent.stale:
            return ask(stale=sent.stale)
        if not self.visitors.showed(sent.fields, csrf.digest(question.shown)):
            log.info("consent asked for again: client {client_id}", client_id=authorization.client.client_id)
            return ask(changed=True)
        allowed = question.selected(ticked(sent.fields))
        if allowed is None:
            return ask(nothing=True)
        return await self._allow(request, allowed, account.session, asked=True)

    async def introduce(self, address: str) -> Introduction | None:
        """Returns the client whose authorization request a login leads back to.

        It is None if the address is no authorization request, or an invalid one.
        """
        path, _, query = address.partition("?")
        if path not in PATHS:
            return None
        try:
            asked = await self.handles.read(parse(query.encode()))
            authorization = await self.server.authorization(asked.parameters, asked.handle)
        except (ParameterError, FatalClientError, InvalidAuthorizationRequest):
            return None
        return client_card.introduction(authorization.client, authorization.redirect_uri)

    def after_login(self, address: str, cookie: str) -> str:
        """Returns the address to go on to after a login; an authorization request gets a mark for the login."""
        return self._after(LOGIN, address, cookie)

    def after_step(self, address: str, before: str, cookie: str) -> str:
        """Returns the address to go on to after another factor was proved; a mark of the session before stays good."""
        query = address.partition("?")[2]
        kept = next((did for did in (LOGIN, CHOICE) if self.interactions.proven(query, did, before)), None)
        return self._after(kept, address, cookie) if kept else address

    def after_choice(self, address: str, cookie: str) -> str:
        """Returns the address to go on to after an account was chosen; an authorization request gets a mark for it."""
        return self._after(CHOICE, address, cookie)

    def _after(self, did: str, address: str, cookie: str) -> str:
        return (
            self.interactions.mark(address, did, cookie) if address.partition("?")[0] in (*PATHS, DEVICE) else address
        )

    async def _validate(self, request: Request) -> AuthorizationRequest:
        """Returns the valid authorization request. Raises AnswerNow with an error page, or an error for the client."""
        query = query_text(request)
        if len(strip_marks(query)) > LONGEST:
            raise self.answers.refuse_long(414)
        try:
            asked = await self.handles.take(request, parse(query.encode()))
            return await self.server.authorization(asked.parameters, asked.handle, request.client_address)
        except (ParameterError, FatalClientError) as error:
            person = await self.visitors.session(request)
            raise AnswerNow(self.answers.refuse_unusable(request, error, person=person)) from None
        except InvalidAuthorizationRequest as invalid:
            raise AnswerNow(await self.answers.refuse_invalid(request, invalid)) from None

    async def _judge(self, request: Request, authorization: AuthorizationRequest, accounts: Accounts) -> Judged:
        """Returns what is to be decided about. Raises AnswerNow if the person may not be granted any of it."""
        try:
            return await self.judgement.judge(request, authorization, accounts)
        except Excluded as excluded:
            log.info("not for this person: client {client_id}", client_id=authorization.client.client_id)
            answer = await self.answers.exclude(request, authorization, excluded.session, excluded.error)
            raise AnswerNow(answer) from None

    async def _answer(
        self,
        request: Request,
        authorization: AuthorizationRequest,
        accounts: Accounts,
        decision: Decision,
        *,
        trusted: bool = False,
    ) -> Answer:
        """Returns the answer for a decision; the login and the account chooser lead back here.

        `trusted`: the person need not be asked since the client is trusted, whatever they allowed before.
        """
        match decision:
            case Allow(person):
                return await self._allow(request, authorization, person.session, asked=False, trusted=trusted)
            case Ask(person):
                question = await self.consent.question(person.session.user_id, authorization)
                return self.answers.ask(request, accounts.with_session(person.session), question)
            case Login():
                return see_other(login_address(request, decision))
            case Prove() | Enrol():
                if isinstance(decision, Enrol):
                    self.answers.note_factor(request, authorization, decision)
                return see_other(step_address(request, decision))
            case Choose():
                return see_other(choosing_address(request))
            case Refuse(error, got):
                active = accounts.active.session if accounts.active else None
                return await self.answers.refuse(request, authorization, require_interaction(error, got), active)

    async def _allow(
        self,
        request: Request,
        authorization: AuthorizationRequest,
        session: Session,
        *,
        asked: bool,
        trusted: bool = False,
    ) -> Answer:
        """Responds with what the client asked for, a code for example, or with an AuthorizationError of the server.

        Raises AnswerNow if the request was pushed, and answered before, or if the client could not be told.
        """
        try:
            await self.handles.answer(authorization.handle)
            response = await self.server.allow(
                authorization, session, request.client_address, asked=asked, trusted=trusted
            )
        except FatalClientError as error:
            raise AnswerNow(self.answers.refuse_unusable(request, error, person=session)) from None
        except AuthorizationError as error:
            return await self.answers.refuse(request, authorization, error, session)
        log.info(
            "authorization granted: client {client_id}, user {user_id}",
            client_id=authorization.client.client_id,
            user_id=str(session.user_id),
        )
        for reason in told(authorization):
            self.answers.refusals.noted(PATH, reason, request.client_address, session.user_id)
        return self.answers.respond(request, response)


def ticked(fields: ParsedParameters) -> set[str]:
    """Returns the scopes whose boxes on the consent page are ticked."""
    return {scope for name, scope in fields.items() if name.startswith(BOX)}


def told(authorization: AuthorizationRequest) -> Iterator[Reason]:
    """Yields what the client's developers are told about a request of which not all is granted."""
    if authorization.left_out is not None:
        yield authorization.left_out
    if authorization.declined:
        names, client_id = shown(" ".join(authorization.declined)), authorization.client.id
        yield Reason(
            "consent", "all scopes that the application asked for", f"left out by the person: {names}", client_id
        )
