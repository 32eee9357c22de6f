"""Checks that the logged-in person is the one the request wants and logged in recently enough (OpenID Connect Core §3.1.2.3)."""

from attrs import frozen

from iam.authorization.request import AuthorizationRequest
from iam.clock import Clock
from iam.openid.subjects import Subjects
from iam.records.session import Session


@frozen
class Authentication:
    """Judges a session by an authentication request."""

    subjects: Subjects
    clock: Clock

    def recent(self, request: AuthorizationRequest, session: Session) -> bool:
        """Will the login that began the session do, as far as its time goes?"""
        asked = request.authentication
        if asked.wants_login:
            return False
        return asked.max_age is None or (self.clock.now() - session.auth_time).total_seconds() <= asked.max_age

    def meant(self, request: AuthorizationRequest, session: Session) -> bool:
        """Is it the person of the id_token_hint, and of a claim `sub` with a value (Core §3.1.2.2)? Nobody else will do."""
        sub = self.subjects.sub(request.client, session.user_id)
        return all(sub in values for values in request.authentication.subjects)
