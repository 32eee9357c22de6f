"""The way from a right password to a session, by another factor; and from a session to one of more factors (step-up).

Whoever has to prove a factor is a `Candidate`: by the cookie of a login that lacks it, or, where the address says
`step=up`, by the session that they have.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from attrs import evolve, field, frozen
from twisted.logger import Logger

from iam.browser import cookies, user_agents
from iam.browser.addresses import leading_to, next_address
from iam.browser.visitors import Visitors
from iam.http.answers import Answer, AnswerNow, see_other
from iam.http.parameters import ParameterError, query_parameters
from iam.http.request import Request
from iam.pages.login.beginning import Beginnings, Proof
from iam.people.factors.attempts import MOST
from iam.people.factors.browsers import RememberedBrowsers
from iam.people.factors.factor import Factor
from iam.people.factors.factors import Factors
from iam.records import acr, actor
from iam.secrets import minted
from iam.secrets.minted import Kind
from iam.service import service
from iam.store.pending_logins import PendingLogins
from iam.store.sessions import Sessions

log = Logger()

PATH: Final = "/login/factor"


@frozen
class Candidate:
    """Who has to prove a factor: what they have proved, and the secret of the browser's cookie that says so.

    Who is `stepping` up is logged in, with a session that ends at `until`.
    """

    user_id: UUID
    username: str
    auth_time: datetime
    remembered: bool
    amr: Sequence[str]
    secret: str = field(repr=False)
    session_id: UUID | None = None
    until: datetime | None = None

    @property
    def stepping(self) -> bool:
        """Whether the candidate is logged in."""
        return self.session_id is not None

    def proof(self, methods: Sequence[str]) -> Proof:
        """Returns what the candidate has proved with a factor by these methods."""
        pending = None if self.stepping else self.secret
        amr = acr.add(self.amr, methods)
        return Proof(self.user_id, self.auth_time, amr, self.remembered, pending, self.until)


@service
class Proving:
    """Finds candidates, and begins their sessions.

    `after_login` adds a mark of the login to the address that it leads to, and `after_step` keeps one that was there.
    """

    pending: PendingLogins
    sessions: Sessions
    factors: Factors
    browsers: RememberedBrowsers
    beginnings: Beginnings
    visitors: Visitors
    after_login: Callable[[str, str], str]
    after_step: Callable[[str, str, str], str]

    async def candidate(self, request: Request) -> Candidate:
        """Returns who has to prove a factor. Raises AnswerNow, a redirect to the login, if that is nobody."""
        found = await (self._stepping(request) if stepping(request) else self._logging_in(request))
        if found is None:
            raise AnswerNow(see_other(leading_to("/login", next_address(request), request.base)))
        return found

    async def count(self, candidate: Candidate) -> bool:
        """Counts one more code that is typed in the candidate's login; returns False if there were MOST, or it is over."""
        now = self.visitors.clock.now()
        if candidate.session_id:
            return await self.sessions.count(candidate.session_id, MOST, now)
        return await self.pending.count(minted.digest(candidate.secret), MOST, now)

    async def begin_anew(self, request: Request) -> Answer:
        """Leads a candidate who has typed MOST codes to the login, and says why."""
        await self.candidate(request)  # a login that is over meanwhile, by whatever, leads there without a reason
        again = "&login=again" if stepping(request) else ""
        return see_other(leading_to("/login", next_address(request), request.base) + again + "&codes=spent")

    async def choices(self, request: Request, candidate: Candidate) -> tuple[Factor, ...]:
        """Returns the factors that the candidate may prove, the strongest first: those that reach what is asked for."""
        level = level_of(request)
        held = await self.factors.of(candidate.user_id)
        return tuple(factor for factor in held if acr.reaches(acr.of(acr.add((), factor.amr)), level))

    async def finish(
        self,
        request: Request,
        candidate: Candidate,
        factor: Factor,
        methods: Sequence[str] | None = None,
        *,
        remember: bool = False,
    ) -> Answer:
        """Begins the session of a candidate who has just proved this factor, and leads on.

        `methods` are those by which they did, if they are not all of the factor's. `remember`: they are not to be asked
        for it in this browser for a month.
        """
        mark = await self._mark(request, candidate, remember=remember)
        begun = await self.beginnings.begin(request, evolve(candidate.proof(methods or factor.amr), mark=mark))
        address = next_address(request)
        if begun is None:
            return see_other(leading_to("/login", address, request.base))
        cookie, headers = begun
        log.info("login: user {user_id}, {factor}", user_id=str(candidate.user_id), factor=factor.name)
        onward = (
            self.after_step(address, candidate.secret, cookie)
            if candidate.stepping
            else self.after_login(address, cookie)
        )
        return see_other(onward, headers)

    async def _mark(self, request: Request, candidate: Candidate, *, remember: bool) -> str | None:
        """Returns the mark that the browser's device cookie is to keep for the person, if it is a remembered browser."""
        marks = cookies.read_devices(request, self.visitors.settings)
        known = await self.browsers.mark(candidate.user_id, marks)
        if known or not remember:
            return known
        by = actor.person(candidate.user_id, request.client_address)
        return await self.browsers.remember(candidate.user_id, candidate.auth_time, user_agents.read(request), by)

    async def _logging_in(self, request: Request) -> Candidate | None:
        secret = cookies.read(request, cookies.login_name_of(self.visitors.settings))
        if secret is None or not minted.well_formed(secret, Kind.PENDING_LOGIN):
            return None
        login = await self.pending.find(minted.digest(secret), self.visitors.clock.now())
        if login is None:
            return None
        return Candidate(login.user_id, login.username, login.auth_time, login.remembered, login.amr, secret)

    async def _stepping(self, request: Request) -> Candidate | None:
        account = (await self.visitors.accounts(request)).active
        if account is None:
            return None
        session = account.session
        told = session.user_id, session.username, session.auth_time, session.remembered, session.amr
        return Candidate(*told, account.secret, session_id=session.id, until=session.expires_at)


def stepping(request: Request) -> bool:
    """Whether a person who is logged in is to prove one more factor."""
    try:
        return query_parameters(request).get("step") == "up"
    except ParameterError:
        return False


def level_of(request: Request) -> str | None:
    """Returns the class (acr) that the person is to reach, if the address says so."""
    try:
        return acr.lowest([query_parameters(request).get("acr")])
    except ParameterError:
        return None


def page_of(factor: Factor | None, request: Request) -> str:
    """Returns the address of the page that asks for this factor, or for any, and then leads on."""
    path, level = f"{PATH}/{factor.name}" if factor else PATH, level_of(request)
    address = leading_to(path, next_address(request), request.base)
    return address + ("&step=up" if stepping(request) else "") + (f"&acr={level}" if level else "")
