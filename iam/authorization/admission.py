"""Who may use applications, and have scopes, that are for the members of some groups alone."""

from collections.abc import Sequence
from uuid import UUID

from attrs import evolve

from iam.authorization.errors import exclude, leave_nothing, unshared
from iam.authorization.question import narrow
from iam.authorization.request import AuthorizationRequest
from iam.records.scope import Scope
from iam.service import service
from iam.store.restrictions import Restrictions
from iam.store.scopes import Scopes


@service
class Admission:
    """Asks the database about such requests, and about no others."""

    restrictions: Restrictions
    scopes: Scopes

    async def admit(self, request: AuthorizationRequest, user_id: UUID) -> AuthorizationRequest:
        """Returns the request without the scopes that this person may not have.

        Raises AuthorizationError if they may not use the client, or if none of the scopes is left.
        """
        known = await self.scopes.by_name()
        named = [known[name] for name in request.consented if name in known]
        guarded = [scope.name for scope in named if scope.members_only]
        if not guarded and not request.client.members_only:
            return request
        admitted, barred = await self.restrictions.judge(user_id, request.client.id, guarded)
        if not admitted:
            raise exclude()
        return leave_out(request, named, barred) if barred else request


def leave_out(request: AuthorizationRequest, known: Sequence[Scope], barred: Sequence[str]) -> AuthorizationRequest:
    """Returns the request without these scopes; `known` are all that it names. Raises AuthorizationError if none is left."""
    left = narrow(request, known, {scope.name for scope in known}.difference(barred))
    if not left.scopes:
        raise leave_nothing(barred)
    return evolve(left, left_out=request.left_out or evolve(unshared(barred), client_id=request.client.id))
