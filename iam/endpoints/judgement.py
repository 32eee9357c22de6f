"""What an authorization request is judged by before a person is asked about it, at /authorize and for devices alike."""

from attrs import frozen

from iam.authorization.admission import Admission
from iam.authorization.assurance import Assurance, Assurances
from iam.authorization.decision import Decision, Done, decide, find_suitable
from iam.authorization.errors import AuthorizationError
from iam.authorization.person import Authentication, Person
from iam.authorization.request import AuthorizationRequest
from iam.browser.accounts import Accounts
from iam.browser.interactions import CHOICE, LOGIN, Interactions
from iam.http.parameters import query_text
from iam.http.request import Request
from iam.records.session import Session
from iam.service import service


class Excluded(Exception):
    """The person who would be asked may not be granted any of it; `error` says why."""

    def __init__(self, session: Session, error: AuthorizationError) -> None:
        super().__init__(error)
        self.session = session
        self.error = error


@frozen
class Judged:
    """A request as far as the suitable `person` may be granted it, and all `people` of the browser, the active one first.

    What the person has just `done` for it counts; `assurance` is how well they must have proved who they are.
    """

    request: AuthorizationRequest
    people: list[Person]
    person: Person | None
    done: Done | None
    assurance: Assurance

    def decide(self, *, consented: bool) -> Decision:
        """Returns what comes next; `consented`: nobody need be asked."""
        asked = self.request.authentication
        return decide(asked, self.people, self.done, consented=consented, assurance=self.assurance)


@service
class Judgement:
    """Looks at who is logged in, and at what they may be granted."""

    authentication: Authentication
    interactions: Interactions
    assurances: Assurances
    admission: Admission

    async def judge(self, request: Request, asked: AuthorizationRequest, accounts: Accounts) -> Judged:
        """Returns what is to be decided about. Raises Excluded."""
        done = self._done(request, accounts)
        active, others = accounts.active.session if accounts.active else None, [one.session for one in accounts.others]
        people = self.authentication.people(asked.client, active, others)
        person = find_suitable(asked.authentication, people, done)
        if person is not None:
            asked = await self._admit(asked, person.session)
        assurance = await self.assurances.required(asked)
        return Judged(asked, await self.assurances.informed(people, person, assurance), person, done, assurance)

    async def _admit(self, asked: AuthorizationRequest, session: Session) -> AuthorizationRequest:
        try:
            return await self.admission.admit(asked, session.user_id)
        except AuthorizationError as error:
            raise Excluded(session, error) from None

    def _done(self, request: Request, accounts: Accounts) -> Done | None:
        """Returns what the active person has just done for this request (LOGIN or CHOICE), if anything."""
        secret, query = accounts.active.secret if accounts.active else None, query_text(request)
        happened: tuple[Done, ...] = (LOGIN, CHOICE)
        return next((did for did in happened if self.interactions.proven(query, did, secret)), None)
