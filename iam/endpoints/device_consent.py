"""The question whether to allow what a device asks for (RFC 8628 §3.3, §5.4).

It is the consent page of /authorize, decided by the same rules, and always asked: nothing proves that the device is the
one in front of the person. So it says when and from where the device asked.
"""

from functools import partial
from typing import Final

from attrs import evolve, frozen
from twisted.logger import Logger

from iam.authorization import factor_needed
from iam.authorization.consent import Consent
from iam.authorization.decision import Ask, Choose, Decision, Enrol, Login, Prove
from iam.authorization.errors import ACCESS_DENIED, AuthorizationError
from iam.authorization.question import Question
from iam.authorization.request import AuthorizationRequest
from iam.browser import csrf, user_agents
from iam.browser.accounts import Account, Accounts
from iam.browser.theme import Theme
from iam.browser.visitors import Stale, Visitors
from iam.clients import client_card
from iam.clients.refusals import Explanations
from iam.endpoints.authorization import ticked
from iam.endpoints.authorization_addresses import (
    DEVICE,
    DEVICE_PATH,
    choosing_address,
    login_address,
    own_address,
    step_address,
)
from iam.endpoints.device_codes import code_in
from iam.endpoints.judgement import Excluded, Judgement
from iam.http.answers import Answer, AnswerNow, see_other
from iam.http.parameters import query_text
from iam.http.request import Request
from iam.networks import network
from iam.protocol import user_codes
from iam.protocol.server import Server
from iam.records.device_request import DeviceRequest
from iam.records.session import Session
from iam.service import service

LIFETIME: Final = 600  # seconds for which the page may be answered (H19)
PURPOSE: Final = "device consent"
GONE: Final = (
    "There is no such code any more: it is too old, or somebody has answered already. Let your device show a new one."
)
REFUSED: Final = "The application cannot get what its device asked for. Let the device try again, or tell its makers."
EXCLUDED: Final = "This application is only for members of certain groups, and you are in none of them."

log = Logger()


@frozen
class Case:
    """What a device asks for, and the accounts in the browser of who is to decide about it."""

    stored: DeviceRequest
    asked: AuthorizationRequest
    accounts: Accounts
    decision: Decision


@service
class DeviceConsent:
    """Asks people about devices, and stores what they decide."""

    server: Server
    judgement: Judgement
    consent: Consent
    visitors: Visitors
    theme: Theme
    refusals: Explanations

    async def show(self, request: Request) -> Answer:
        """Shows the question, or what the person must do first. Raises AnswerNow."""
        case = await self._case(request)
        if not isinstance(case.decision, Ask):
            return lead(request, case.decision)
        account = case.accounts.with_session(case.decision.person.session)
        question = await self.consent.question(account.session.user_id, case.asked)
        return self._ask(request, case, account, question)

    async def decide(self, request: Request) -> Answer:
        """Stores what the person decided, if the page showed what would be allowed. Raises AnswerNow."""
        case = await self._case(request)
        if not isinstance(case.decision, Ask):
            return lead(request, case.decision)
        account = case.accounts.with_session(case.decision.person.session)
        sent = self.visitors.receive(request, purpose(request), lifetime=LIFETIME, secret=account.secret)
        question = await self.consent.question(account.session.user_id, case.asked)
        ask = partial(self._ask, request, case, account, question, ticked=ticked(sent.fields))
        if sent.stale:
            return ask(stale=sent.stale)
        if sent.fields.get("decision") != "allow":
            return await self._deny(request, case, account)
        if not self.visitors.showed(sent.fields, shown(question, case.stored)):
            return ask(changed=True)
        allowed = question.selected(ticked(sent.fields))
        if allowed is None:
            return ask(nothing=True)
        return await self._allow(request, evolve(case, asked=allowed), account)

    async def _case(self, request: Request) -> Case:
        """Returns what is to be decided, and what happens next with it. Raises AnswerNow if nothing is."""
        accounts = await self.visitors.accounts(request)
        if accounts.active is None:
            raise AnswerNow(see_other(login_address(request, Login(None, again=False), DEVICE)))
        stored = await self._find(request, accounts.active)
        try:
            asked = await self.server.devices.read(stored)
            judged = await self.judgement.judge(request, asked, accounts)
        except AuthorizationError as error:
            raise AnswerNow(self._refuse(request, stored, accounts.active.session, error)) from None
        except Excluded as excluded:
            raise AnswerNow(self._refuse(request, stored, excluded.session, excluded.error)) from None
        decision = judged.decide(consented=False)  # nobody's earlier consent is enough
        if isinstance(decision, Enrol):
            reason, user_id = factor_needed.reason(judged.request, decision), decision.person.session.user_id
            self.refusals.noted(DEVICE_PATH, reason, request.client_address, user_id, factor_needed.ERROR)
        return Case(stored, judged.request, accounts, decision)

    async def _find(self, request: Request, active: Account) -> DeviceRequest:
        """Returns what is asked for under the code in the address. Raises AnswerNow, and Throttled."""
        code = user_codes.typed(code_in(request))
        found = code and await self.server.devices.user_codes.find(code, active.session.user_id, request.client_address)
        if not found:
            raise self.theme.refusal(404, "This code is no longer good", GONE)
        return found

    def _ask(
        self,
        request: Request,
        case: Case,
        account: Account,
        question: Question,
        *,
        ticked: set[str] | None = None,
        changed: bool = False,
        nothing: bool = False,
        stale: Stale | None = None,
    ) -> Answer:
        """Returns the page with the question, as that of /authorize; `ticked` are the scopes selected so far, None for all."""
        client, stored = case.asked.client, case.stored
        device = user_agents.describe(stored.user_agent)
        return self.theme.page(
            "device_consent.html",
            403 if stale else 400 if nothing else 200,
            stale=stale,
            client=client,
            introduced=evolve(client_card.introduction(client, ""), doubt=None),
            person=account.session,
            places=question.places,
            choices=question.choices,
            trusted=question.trusted,
            taken_back=question.taken_back,
            ticked=ticked or {scope.name for scope in question.scopes if not nothing},
            changed=changed,
            nothing=nothing,
            code=user_codes.shown(user_codes.typed(code_in(request)) or ""),
            stored=stored,
            device=device,
            near=network(stored.address or "") == network(request.client_address),
            csrf_token=self.visitors.token(request, purpose(request), account.secret, shown=shown(question, stored)),
            action=request.base + f"{DEVICE}?{query_text(request)}",
            elsewhere=request.base + choosing_address(request, DEVICE),
        )

    async def _allow(self, request: Request, case: Case, account: Account) -> Answer:
        if not await self.server.devices.allow(case.asked, case.stored, account.session, request.client_address):
            raise self.theme.refusal(409, "This code is no longer good", GONE)
        log.info("device allowed: client {client_id}", client_id=case.asked.client.client_id)
        return self.theme.page("device_done.html", session=account.session, client=case.asked.client, allowed=True)

    async def _deny(self, request: Request, case: Case, account: Account) -> Answer:
        if not await self.server.devices.deny(case.stored, account.session, request.client_address):
            raise self.theme.refusal(409, "This code is no longer good", GONE)
        log.info("device denied: client {client_id}", client_id=case.asked.client.client_id)
        return self.theme.page("device_done.html", session=account.session, client=case.asked.client, allowed=False)

    def _refuse(self, request: Request, stored: DeviceRequest, person: Session, error: AuthorizationError) -> Answer:
        """Returns the page that says that this person, or nobody, can allow what the device asks for."""
        told = error.of_client(stored.client_id)
        error_uri = self.refusals.kept(DEVICE_PATH, told, request.client_address, user_id=person.user_id)
        if error.error == ACCESS_DENIED:
            return self.theme.error(403, "Not for this account", EXCLUDED, error_uri=error_uri)
        return self.theme.error(400, "This cannot be allowed", REFUSED, error_uri=error_uri)


def lead(request: Request, decision: Decision) -> Answer:
    """Returns the way to what the person must do first, which leads back here."""
    match decision:
        case Login():
            return see_other(login_address(request, decision, DEVICE))
        case Prove() | Enrol():
            return see_other(step_address(request, decision, DEVICE))
        case Choose():
            return see_other(choosing_address(request, DEVICE))
        case _:
            return see_other(own_address(request, DEVICE_PATH))


def purpose(request: Request) -> str:
    """Returns the purpose of the form's token, which is good for this code only (H19)."""
    return f"{PURPOSE} {user_codes.typed(code_in(request))}"


def shown(question: Question, stored: DeviceRequest) -> str:
    """Returns the digest of all that the person's answer depends on."""
    return csrf.digest({**question.shown, "device": [stored.digest.hex(), stored.address, stored.user_agent]})
