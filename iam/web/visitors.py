"""Who is at the browser, and that forms are theirs."""

import secrets
from collections.abc import Callable, Coroutine, Iterable
from typing import Any

from attrs import frozen
from twisted.internet.defer import Deferred, DeferredList
from twisted.logger import Logger

from iam import credentials
from iam.clock import Clock
from iam.credentials import Kind
from iam.settings import Settings
from iam.web import cookies, csrf
from iam.web.accounts import Account, Accounts
from iam.web.answers import Headers, Refusal
from iam.web.parameters import REPEATABLE, ParameterError, Parameters, form_fields
from iam.web.request import Request
from iam.web.templates import Theme

log = Logger()

STALE = (
    "This form is no longer good: it was opened too long ago, before you logged in, or not on our own pages. "
    "Go back, reload the page, and try again."
)


@frozen
class Visitors:
    """People at browsers; `find` knows whose session a cookie stands for."""

    find: Callable[[str | None], Coroutine[Any, Any, Any]]
    settings: Settings
    theme: Theme
    clock: Clock

    def cookie(self, request: Request) -> str | None:
        """The value of our cookie."""
        return cookies.read(request, cookies.name_of(self.settings))

    async def session(self, request: Request) -> Any:
        """The session of who is logged in; None if nobody is."""
        cookie = self.cookie(request)
        return await self.find(cookie) if cookie else None

    async def accounts(self, request: Request) -> Accounts:
        """Everybody who is logged in in this browser, found by one statement."""
        active = self.cookie(request)
        others = cookies.read_others(request, cookies.others_name_of(self.settings))
        secrets = list(dict.fromkeys([active, *others] if active else others))
        found = [
            Account(one, session) for one, session in zip(secrets, await self._found(secrets), strict=True) if session
        ]
        first = found[0] if found and found[0].secret == active else None
        return Accounts(first, tuple(found[1:] if first else found))

    async def _found(self, secrets: Iterable[str]) -> list[Any]:
        """The sessions of all these, asked for at the same time."""
        asked = [Deferred.fromCoroutine(self.find(secret)) for secret in secrets]
        answers = await DeferredList(asked, consumeErrors=True)
        for good, answer in answers:
            if not good:
                answer.raiseException()
        return [answer for _, answer in answers]

    def token(self, request: Request, purpose: str, secret: str | None = None, *, shown: str = "") -> str:
        """The token for a form of this visitor, only for one who has a cookie; or of their account with this secret.

        `shown` is the digest of what the page shows and asks about (`csrf.digest`).
        """
        return csrf.token(secret or self.cookie(request) or secrets.token_hex(), purpose, self.clock.now(), shown)

    def welcome(self, request: Request, purpose: str) -> tuple[str, Headers]:
        """The token for a form of anybody, and the cookie for who has none yet: it says nothing and stands in no table."""
        cookie = self.cookie(request)
        if cookie is not None:
            return csrf.token(cookie, purpose, self.clock.now()), ()
        cookie = credentials.mint(Kind.VISITOR)
        return csrf.token(cookie, purpose, self.clock.now()), (cookies.setting(self.settings, cookie),)

    def showed(self, form: Parameters, shown: str) -> bool:
        """Did the page of this form show just that? Else it has to be shown again: nobody has decided upon anything else."""
        return csrf.same(form.get(csrf.TOKEN_FIELD), shown)

    def form(
        self,
        request: Request,
        purpose: str,
        *,
        repeatable: frozenset[str] = REPEATABLE,
        lifetime: int | None = None,
        secret: str | None = None,
    ) -> Parameters:
        """The fields of a form from our page for this purpose, opened in this browser within its lifetime.

        Anything else is refused, and so is the form of another account than the one with this secret, or the one in use.
        """
        try:
            fields = form_fields(request, repeatable=repeatable)
        except ParameterError as error:
            raise Refusal(self.theme.error_of(error.status)) from None
        if not csrf.from_us(request, self.settings) or not csrf.genuine(
            secret or self.cookie(request), purpose, fields.get(csrf.TOKEN_FIELD), self.clock.now(), lifetime
        ):
            log.info("form refused: {purpose}", purpose=purpose.partition(" ")[0])
            raise self.stale()
        return fields

    def stale(self) -> Refusal:
        """The form is not, or no longer, one that this person may send."""
        return self.theme.refusal(403, "Please try that again", STALE)
