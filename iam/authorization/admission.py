"""Who may use applications, and have scopes, that are for the members of some groups or for some roles alone."""

from collections.abc import Callable, Collection, Sequence
from uuid import UUID

from attrs import evolve

from iam.authorization.errors import exclude, leave_nothing, out_of_reach, unshared
from iam.authorization.question import narrow
from iam.authorization.request import AuthorizationRequest
from iam.oauth.reasons import Reason
from iam.records.role import Role, known
from iam.records.scope import ADMINISTRATIVE, Scope
from iam.service import service
from iam.store.restrictions import Restrictions
from iam.store.roles import Roles
from iam.store.scopes import Scopes


@service
class Admission:
    """Asks the database about such requests, and about no others."""

    restrictions: Restrictions
    scopes: Scopes
    roles: Roles
    reach: Callable[[Collection[Role]], Collection[str]]  # the scopes of the administration by roles

    async def admit(self, request: AuthorizationRequest, user_id: UUID) -> AuthorizationRequest:
        """Returns the request without the scopes that this person may not have.

        Raises AuthorizationError if they may not use the client, or if none of the scopes is left.
        """
        by_name = await self.scopes.by_name()
        named = [by_name[name] for name in request.consented if name in by_name]
        request = await self._cut(request, named, user_id)
        guarded = [scope.name for scope in named if scope.members_only]
        if not guarded and not request.client.members_only:
            return request
        admitted, barred = await self.restrictions.judge(user_id, request.client.id, guarded)
        if not admitted:
            raise exclude()
        return leave_out(request, named, barred, unshared(barred)) if barred else request

    async def _cut(self, request: AuthorizationRequest, named: Sequence[Scope], user_id: UUID) -> AuthorizationRequest:
        """Returns the request without the scopes of the administration that are of no use to this person's roles.

        Raises AuthorizationError if none of the scopes is left.
        """
        administrative = [scope.name for scope in named if scope.name in ADMINISTRATIVE]
        if not administrative:
            return request
        usable = self.reach(known(await self.roles.of_person(user_id)))
        useless = [name for name in administrative if name not in usable]
        return leave_out(request, named, useless, out_of_reach(useless)) if useless else request


def leave_out(
    request: AuthorizationRequest, known: Sequence[Scope], names: Sequence[str], reason: Reason
) -> AuthorizationRequest:
    """Returns the request without these scopes; `known` are all that it names. Raises AuthorizationError if none is left."""
    left = narrow(request, known, {scope.name for scope in known}.difference(names))
    if not left.scopes:
        raise leave_nothing(reason)
    return evolve(left, left_out=request.left_out or evolve(reason, client_id=request.client.id))
