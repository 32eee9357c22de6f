"""Who calls the API, by the access token (RFC 6750)."""

from typing import Final

from attrs import frozen

from iam.administration.actions.action import Forbidden
from iam.administration.actions.operator import Operator
from iam.administration.actions.performing import NO_ROLE
from iam.clients.directory import Directory
from iam.endpoints.api.logins import Logins
from iam.endpoints.dpop import sent_proof
from iam.http.parameters import authorization
from iam.http.request import Request
from iam.oauth import bearer
from iam.oauth.reasons import Reason
from iam.oauth.resources import is_among
from iam.records import actor
from iam.records.role import Role, known
from iam.records.token import LiveToken
from iam.secrets import minted
from iam.store.roles import Roles
from iam.throttles.throttle import Throttle
from iam.tokens.access_tokens import lasting
from iam.tokens.introspection import Introspection
from iam.tokens.possession import Possession

REGISTERED_ITSELF: Final = "An application that registered itself may not administer this server."
ALL_ROLES: Final = frozenset({Role.ADMINISTRATOR})


@frozen
class Bearers:
    """The bearers of tokens for the resource `uri`."""

    introspection: Introspection
    directory: Directory
    roles: Roles
    throttle: Throttle
    logins: Logins
    possession: Possession
    uri: str

    async def operator(self, request: Request, *, sensitive: bool = False) -> Operator:
        """Returns who calls, with the roles that they have now. Raises Challenge, Forbidden and Throttled.

        How they have logged in is known only for what is `sensitive`.
        """
        return await self._operator(request, await self.token(request), sensitive=sensitive)

    async def token(self, request: Request) -> LiveToken:
        """Returns the access token of who calls. Raises Challenge, Forbidden and Throttled."""
        presented = bearer.presented(authorization(request))
        token = presented.token
        self.throttle.look_up(request.client_address)
        found = await self.introspection.access_token(token)
        if found is None:
            await self._refuse_powerless(token)
            await self.throttle.wrong(request.client_address)
            raise bearer.invalid_token(await self.introspection.refusal(token))
        await self.possession.prove(presented, found, sent_proof(request), request.certificate)
        if not is_among(self.uri, found.audience or ()):
            got = " ".join(found.audience or ("none",))
            raise bearer.invalid_token(Reason("audience of the access token", self.uri, got, found.client_id))
        await self._refuse_unadministered(found)
        return found

    async def _refuse_powerless(self, token: str) -> None:
        """Raises Forbidden for a good token for the API by somebody who has no role any more."""
        if not lasting(token):
            return
        held = await self.introspection.personal_tokens.find(
            minted.digest(token), self.introspection.clock.now(), use=False
        )
        if held and held.user_id and not held.roles and is_among(self.uri, held.audience or ()):
            raise Forbidden(NO_ROLE)

    async def _refuse_unadministered(self, found: LiveToken) -> None:
        client = await self.directory.find(found.client_id) if found.client_id else None
        if client is not None and client.registered_itself:
            raise Forbidden(REGISTERED_ITSELF)

    async def _operator(self, request: Request, found: LiveToken, *, sensitive: bool) -> Operator:
        """Returns the person, with their own roles; a client that acts for itself may do what its scopes say."""
        scopes, address = frozenset(found.scope.split(" ")), request.client_address
        if found.user_id is None:
            by = actor.client(found.client_id or "", address)
            return Operator(by, ALL_ROLES, scopes=scopes, recent=True)
        roles = known(await self.roles.of_person(found.user_id))
        made = found.client_id is None
        judged = (False, None) if made or not sensitive else await self.logins.judge(found, found.user_id, roles)
        by, (recent, lacking) = actor.person(found.user_id, address), judged
        return Operator(by, roles, found.user_id, scopes, recent=recent, lacking=lacking, made=made)
