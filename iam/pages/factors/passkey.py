"""The page that asks for a passkey after the password, or besides it."""

import json
from collections.abc import Mapping
from typing import Final

from attrs import evolve
from wtforms import BooleanField, Form

from iam.browser import csrf
from iam.browser.addresses import next_address
from iam.browser.forms import Fields
from iam.browser.theme import Theme
from iam.browser.visitors import Stale, Visitors
from iam.http.answers import Answer, Script, retry_after, see_other
from iam.http.request import Request
from iam.pages.factors.proving import Candidate, Proving, level_of, page_of, stepping
from iam.people.factors.ceremonies import Flaw, Refused, Use
from iam.people.factors.passkeys import Passkeys
from iam.people.factors.relying_party import RelyingParty
from iam.records import acr
from iam.service import service
from iam.throttles.throttle import Throttle, Throttled

PURPOSE: Final = "factor passkey"
UNCHECKED: Final = (
    "That key did not check that it is you, by a finger, a face or a PIN, which is asked for here. Use another passkey."
)
OFTEN: Final = "There were too many wrong passkeys. Wait a moment, then try again."


class PasskeyForm(Form):  # type: ignore[misc]
    """Whether to ask again in this browser."""

    remember = BooleanField("Do not ask again in this browser for 30 days")


@service
class PasskeyPage:
    """The page /login/factor/passkey."""

    passkeys: Passkeys
    proving: Proving
    visitors: Visitors
    theme: Theme
    throttle: Throttle

    async def show(self, request: Request) -> Answer:
        """Asks for one of the passkeys of the person, whose password was right."""
        return await self._show(request, await self.proving.candidate(request))

    async def submit(self, request: Request) -> Answer:
        """Begins the session if the passkey is one of theirs."""
        candidate = await self.proving.candidate(request)
        sent = self.visitors.receive(request, PURPOSE, secret=candidate.secret)
        form = PasskeyForm(Fields(sent.fields))
        if sent.stale:
            return await self._show(request, candidate, 403, stale=sent.stale)
        credential, bound = sent.fields.get("credential", ""), sent.fields[csrf.TOKEN_FIELD]
        try:
            use = await self._prove(request, candidate, credential, bound)
        except Throttled as error:
            answer = await self._show(request, candidate, 429, problem=OFTEN)
            return evolve(answer, headers=(*answer.headers, *retry_after(error.retry_after)))
        except Refused as refused:
            return await self._show(request, candidate, 400, problem=refused.flaw.value)
        if resisting(request) and not use.person_verified:
            return await self._show(request, candidate, 400, problem=UNCHECKED)
        remember = bool(form.remember.data) and not candidate.stepping
        return await self.proving.finish(request, candidate, self.passkeys, use.amr, remember=remember)

    async def _prove(self, request: Request, candidate: Candidate, credential: str, bound: str) -> Use:
        """Returns the use of the passkey. Raises Refused, and Throttled; wrong ones count as wrong secrets do."""
        self.throttle.look_up(request.client_address)
        try:
            return await self.passkeys.prove(candidate.user_id, credential, bound, request.client_address)
        except Refused as refused:
            if refused.flaw is Flaw.WRONG:
                await self.throttle.wrong(request.client_address)
            raise

    async def _request(
        self, request: Request, party: RelyingParty, candidate: Candidate, token: str
    ) -> Mapping[str, object]:
        """Returns the options for the browser: the passkey has to check who is there if that is asked for."""
        return await self.passkeys.request_of(party, candidate.user_id, token, checked=resisting(request))

    async def _show(
        self,
        request: Request,
        candidate: Candidate,
        status: int = 200,
        *,
        problem: str | None = None,
        stale: Stale | None = None,
    ) -> Answer:
        """Shows the page, with the options for the browser, and what was wrong, if anything."""
        choices, party = await self.proving.choices(request, candidate), self.passkeys.party
        if party is None or self.passkeys not in choices:
            return see_other(page_of(None, request))
        token = self.visitors.token(request, PURPOSE, candidate.secret)
        return self.theme.page(
            "factor_passkey.html",
            status,
            leaving=True,
            script=Script.USE_PASSKEY,
            stale=stale,
            problem=problem,
            form=PasskeyForm(),
            candidate=candidate,
            host=party.id,
            options=json.dumps(await self._request(request, party, candidate, token)),
            action=request.base + page_of(self.passkeys, request),
            others=[(request.base + page_of(other, request), other) for other in choices if other != self.passkeys],
            next=request.base + next_address(request),
            stepping=stepping(request),
            csrf_token=token,
        )


def resisting(request: Request) -> bool:
    """Whether the login has to resist phishing (acr phr), for which the passkey must check who is there."""
    return level_of(request) == acr.PHISHING_RESISTANT
