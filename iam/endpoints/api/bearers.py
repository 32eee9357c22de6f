"""Who calls the API, by the access token (RFC 6750)."""

from typing import Final

from attrs import frozen

from iam.administration.actions.action import Forbidden
from iam.administration.actions.operator import Operator
from iam.clients.directory import Directory
from iam.http.parameters import authorization
from iam.http.request import Request
from iam.oauth import bearer
from iam.oauth.reasons import Reason
from iam.oauth.resources import is_among
from iam.records import actor
from iam.records.role import Role, known
from iam.records.token import LiveToken
from iam.store.roles import Roles
from iam.throttles.throttle import Throttle
from iam.tokens.introspection import Introspection

REGISTERED_ITSELF: Final = "An application that registered itself may not administer this server."
ALL_ROLES: Final = frozenset({Role.ADMINISTRATOR})


@frozen
class Bearers:
    """The bearers of tokens for the resource `uri`."""

    introspection: Introspection
    directory: Directory
    roles: Roles
    throttle: Throttle
    uri: str

    async def operator(self, request: Request) -> Operator:
        """Returns who calls, with the roles that they have now. Raises Challenge, Forbidden and Throttled."""
        return await self._operator(request, await self.token(request))

    async def token(self, request: Request) -> LiveToken:
        """Returns the access token of who calls. Raises Challenge, Forbidden and Throttled."""
        token = bearer.token_of(authorization(request))
        self.throttle.look_up(request.client_address)
        found = await self.introspection.access_token(token)
        if found is None:
            await self.throttle.wrong(request.client_address)
            raise bearer.invalid_token(await self.introspection.refusal(token))
        if not is_among(self.uri, found.audience or ()):
            got = " ".join(found.audience or ("none",))
            raise bearer.invalid_token(Reason("audience of the access token", self.uri, got, found.client_id))
        await self._refuse_unadministered(found)
        return found

    async def _refuse_unadministered(self, found: LiveToken) -> None:
        client = await self.directory.find(found.client_id) if found.client_id else None
        if client is not None and client.registered_itself:
            raise Forbidden(REGISTERED_ITSELF)

    async def _operator(self, request: Request, found: LiveToken) -> Operator:
        """Returns the person, with their own roles; a client that acts for itself may do what its scopes say."""
        scopes, address = frozenset(found.scope.split(" ")), request.client_address
        if found.user_id is None:
            by = actor.client(found.client_id or "", address)
            return Operator(by, ALL_ROLES, scopes=scopes, recent=True)
        roles = known(await self.roles.of_person(found.user_id))
        return Operator(actor.person(found.user_id, address), roles, found.user_id, scopes, recent=True)
