"""The people who are logged in, as an authorization request sees them (OpenID Connect Core §3.1.2.3)."""

from collections.abc import Iterable

from attrs import frozen

from iam.authorization.openid_parameters import AuthenticationRequest
from iam.clock import Clock
from iam.openid.subjects import Subjects
from iam.records import acr
from iam.records.client import Client
from iam.records.session import Session
from iam.service import service


@frozen
class Person:
    """A person who is logged in: their session, and their subject for the requesting client.

    `age` is in seconds since they logged in. `acting`: theirs is the active session of the browser, not another one.
    `reachable` is the highest class (acr) that they can reach by what they have, as far as that was looked up.
    """

    session: Session
    sub: str
    age: float
    acting: bool = True
    reachable: str = acr.ONE_FACTOR

    @property
    def acr(self) -> str:
        """The class of their login (OpenID Connect Core §2)."""
        return acr.of(self.session.amr)

    def meant(self, request: AuthenticationRequest) -> bool:
        """Checks that this is the person of the id_token_hint and of every claim `sub` with a value (Core §3.1.2.2)."""
        return all(self.sub in subjects for subjects in request.subjects)

    def recent(self, request: AuthenticationRequest) -> bool:
        """Checks that the login is recent enough for max_age, and that prompt does not demand a new one."""
        return not request.wants_login and (request.max_age is None or self.age <= request.max_age)


@service
class Authentication:
    """Relates sessions to the client that asks: finds subjects and the ages of logins."""

    subjects: Subjects
    clock: Clock

    def people(self, client: Client, active: Session | None, others: Iterable[Session]) -> list[Person]:
        """Returns the people who are logged in, the one who acts first."""
        acting = [] if active is None else [self._person(client, active, acting=True)]
        return [*acting, *(self._person(client, session, acting=False) for session in others)]

    def _person(self, client: Client, session: Session, *, acting: bool) -> Person:
        age = (self.clock.now() - session.auth_time).total_seconds()
        return Person(session, self.subjects.sub(client, session.user_id), age, acting)
