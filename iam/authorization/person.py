"""Who is logged in, as an authorization request looks at them (OpenID Connect Core §3.1.2.3)."""

from collections.abc import Iterable

from attrs import frozen

from iam.authorization.openid_parameters import AuthenticationRequest
from iam.clock import Clock
from iam.openid.subjects import Subjects
from iam.records.client import Client
from iam.records.session import Session


@frozen
class Person:
    """A session, its person's subject for the client that asks, the seconds since they logged in, and whether they act or only may."""

    session: Session
    sub: str
    age: float
    acting: bool = True

    def meant(self, request: AuthenticationRequest) -> bool:
        """Checks that it is the person of the id_token_hint, and of a claim `sub` with a value (Core §3.1.2.2): nobody else will do."""
        return all(self.sub in subjects for subjects in request.subjects)

    def recent(self, request: AuthenticationRequest) -> bool:
        """Checks that they logged in recently enough, and need not do so once more."""
        return not request.wants_login and (request.max_age is None or self.age <= request.max_age)


@frozen
class Authentication:
    """Introduces people to clients."""

    subjects: Subjects
    clock: Clock

    def people(self, client: Client, active: Session | None, others: Iterable[Session]) -> list[Person]:
        """Who is logged in, the one who acts first."""
        acting = [] if active is None else [self._person(client, active, acting=True)]
        return [*acting, *(self._person(client, session, acting=False) for session in others)]

    def _person(self, client: Client, session: Session, *, acting: bool) -> Person:
        age = (self.clock.now() - session.auth_time).total_seconds()
        return Person(session, self.subjects.sub(client, session.user_id), age, acting)
