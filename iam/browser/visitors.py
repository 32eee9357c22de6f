"""Visitors: the sessions behind a browser's cookies, and whether a form is theirs."""

import secrets
from collections.abc import Sequence
from enum import Enum
from typing import Protocol

from attrs import evolve, frozen
from twisted.internet.defer import Deferred, DeferredList
from twisted.logger import Logger
from twisted.python.failure import Failure

from iam.browser import cookies, csrf, renewal
from iam.browser.accounts import Accounts, account_of, keep_newest
from iam.browser.drafts import Drafts
from iam.browser.theme import Theme
from iam.clock import Clock
from iam.http.answers import Answer, AnswerNow, Headers, see_other
from iam.http.parameters import REPEATABLE, ParameterError, ParsedParameters, form_fields, parse
from iam.http.request import Request
from iam.records.session import RecognisedSession, Session
from iam.secrets import minted
from iam.secrets.minted import Kind
from iam.service import service
from iam.settings import Settings

log = Logger()

AGAIN = "Go back, reload the page, and try again."
ELSEWHERE = "This form did not come from one of our own pages, and so nothing was done. " + AGAIN
KEPT = "&typed=kept"  # of the address of the login, which says so
LOGGED_OUT = (
    "Nothing was done, and it is too long for us to keep it while you log in. Log in in another tab, and then reload "
    "this page: your browser sends what you typed again, and you can look at it before it is saved."
)


class Stale(Enum):
    """Why a form is no longer good, as a sentence for the person."""

    OLD = "This page was opened too long ago."
    CHANGED = "Somebody has logged in or out in this browser since this page was opened."
    LOGGED_IN = "You have logged in since you filled this in."
    NO_COOKIE = (
        "Your browser sent us no cookie, so that we cannot tell whose form this is. Allow cookies for this site."
    )
    DOUBT = (
        "Your browser sent several cookies under our name, so that somebody else on this host, or on one beside it, "
        "has set one. We have removed those that we could."
    )


@frozen
class Sent:
    """The fields of a form, and why they must not be acted upon, if so."""

    fields: ParsedParameters
    stale: Stale | None = None


class FindSession(Protocol):
    """Looks up a session."""

    async def __call__(self, cookie: str, address: str) -> RecognisedSession:
        """Returns what the cookie stands for; it came from this address."""


@service
class Visitors:
    """People at browsers; `find` looks up the session of a cookie and the cookie that replaces it.

    Results are kept on the request, so that no cookie is looked up twice for it.
    """

    find: FindSession
    settings: Settings
    theme: Theme
    clock: Clock
    drafts: Drafts

    def cookie(self, request: Request) -> str | None:
        """Returns the value of the session cookie, or None."""
        return cookies.read(request, cookies.name_of(self.settings))

    async def session(self, request: Request) -> Session | None:
        """Returns the active session; None if nobody is logged in."""
        cookie = self.cookie(request)
        if cookie is None:
            return None
        (found,) = await self._find(request, [cookie])
        return found.session

    async def accounts(self, request: Request) -> Accounts:
        """Returns all accounts logged in in this browser, looked up together in one statement."""
        active = self.cookie(request)
        others = cookies.read_others(request, cookies.others_name_of(self.settings))
        secrets = keep_newest([active, *others] if active else others)
        answers = zip(secrets, await self._find(request, secrets), strict=True)
        found = [account for one, each in answers if (account := account_of(one, each))]
        first = found[0] if active and found and found[0].secret == secrets[0] else None
        return Accounts(first, tuple(found[1:] if first else found))

    async def _find(self, request: Request, secrets: Sequence[str]) -> list[RecognisedSession]:
        """Returns what each secret stands for; those not looked up before are looked up at the same time."""
        series = [minted.series(secret) for secret in secrets]
        fresh = {one: secret for one, secret in zip(series, secrets, strict=True) if one not in request.found}
        asked = [Deferred.fromCoroutine(self.find(secret, request.client_address)) for secret in fresh.values()]
        for one, (_, answer) in zip(fresh, await DeferredList(asked, consumeErrors=True), strict=True):
            if isinstance(answer, Failure):
                answer.raiseException()
            request.found[one] = answer
        return [request.found[one] for one in series]

    def renew(self, request: Request, answer: Answer) -> Answer:
        """Returns the answer with the cookies given to this browser, and those of the sessions found, if they change."""
        answer = evolve(answer, headers=(*answer.headers, *request.given)) if request.given else answer
        return renewal.renew(request, answer, self.settings, self.clock.now()) if request.found else answer

    def token(self, request: Request, purpose: str, secret: str | None = None, *, shown: str = "") -> str:
        """Returns the token of a form for this visitor, who must have a cookie, or for their account with this secret.

        `shown` is the digest of what the page shows and asks about (`csrf.digest`).
        """
        cookie = secret or self.cookie(request) or secrets.token_hex()
        known = renewal.find(request, cookie)
        whose = known.session.user_id if known and known.session else None
        return csrf.token(cookie, purpose, self.clock.now(), shown, whose)

    def welcome(self, request: Request, purpose: str) -> tuple[str, Headers]:
        """Returns the token of a form that anybody may use, and the cookie to set if the visitor has none that is good.

        That cookie is random and stored nowhere.
        """
        cookie = self.cookie(request)
        if cookie is not None and not renewal.over(request, cookie):
            return csrf.token(cookie, purpose, self.clock.now()), ()
        cookie = minted.mint(Kind.VISITOR)
        fresh = cookies.set_session(self.settings, cookie)
        return csrf.token(cookie, purpose, self.clock.now()), (*self.clear_foreign(request), fresh)

    def clear_foreign(self, request: Request) -> Headers:
        """Returns headers that remove cookies which others set under our names, if there are any.

        With such cookies nobody could log in or send a form.
        """
        if not cookies.doubtful(request, self.settings):
            return ()
        request.say(log, "several cookies under one of our names, {peer}", peer=request.client_address)
        return cookies.remove(request, self.settings)

    def showed(self, form: ParsedParameters, shown: str) -> bool:
        """Whether the page of this form showed this; if not, it must be shown again for a decision."""
        return csrf.same(form.get(csrf.TOKEN_FIELD), shown)

    def receive(
        self,
        request: Request,
        purpose: str,
        *,
        repeatable: frozenset[str] = REPEATABLE,
        lifetime: int | None = None,
        secret: str | None = None,
    ) -> Sent:
        """Returns a form for this purpose, stale unless it was opened in this browser within its lifetime.

        A form opened for another account than that of `secret`, by default the active one, is stale too. Forms that do
        not come from our pages are refused, because no page shows what others wrote into a form; so is one that was
        sent before a login and is only shown again. Raises AnswerNow.
        """
        if request.draft is not None:
            return Sent(parse(request.draft, repeatable=repeatable), Stale.LOGGED_IN)
        try:
            fields = form_fields(request, repeatable=repeatable)
        except ParameterError as error:
            raise AnswerNow(self.theme.error_of(error.status)) from None
        if not csrf.from_us(request, self.settings):
            request.say(log, "form from elsewhere: {purpose}", purpose=purpose.partition(" ")[0])
            raise self.theme.refusal(403, "Please try that again", ELSEWHERE)
        cookie, given = secret or self.cookie(request), fields.get(csrf.TOKEN_FIELD)
        if csrf.genuine(cookie, purpose, given, self.clock.now(), lifetime):
            return Sent(fields)
        stale = self._explain(request, csrf.genuine(cookie, purpose, given, self.clock.now()))
        request.say(log, "form refused: {purpose}, {stale}", purpose=purpose.partition(" ")[0], stale=stale.name)
        return Sent(fields, stale)

    def _explain(self, request: Request, genuine: bool) -> Stale:  # noqa: FBT001
        """Returns why the form is stale; one whose token is `genuine` is too old."""
        if genuine:
            return Stale.OLD
        if cookies.doubtful(request, self.settings):
            return Stale.DOUBT
        return Stale.CHANGED if self.cookie(request) else Stale.NO_COOKIE

    def lead(self, request: Request, address: str, sent: Sent | None = None) -> AnswerNow:
        """Returns the redirect by which a person logs in before anything else; they find again what they typed.

        Where that cannot be kept, it is a page that says how to keep it.
        """
        kept = self.drafts.keep(request, sent.fields, self.clock.now()) if sent else ()
        if kept is None:
            return self.theme.refusal(403, "Please log in again", LOGGED_OUT)
        return AnswerNow(see_other(address + (KEPT if kept else ""), kept))

    async def resume(self, request: Request) -> bool:
        """Whether the person typed something into the form at this address before they logged in; the request has it then."""
        if request.method == b"GET" and cookies.values(request, self.drafts.name):
            session = await self.session(request)
            request.draft = self.drafts.find(request, session.user_id, self.clock.now()) if session else None
        return request.draft is not None

    def refuse_stale(self, stale: Stale, session: Session) -> AnswerNow:
        """Returns the refusal of a stale form that cannot be shown again to the person who is logged in now."""
        who = f"You are logged in as {session.username} now, and this form belongs to another account."
        return self.theme.refusal(403, "Please try that again", f"{stale.value} {who} Nothing was done.")
