"""UserInfo (OpenID Connect Core §5.3): the claims about the person that an access token is for."""

from attrs import frozen

from iam.clients import scopes
from iam.clients.directory import Directory
from iam.clock import Clock
from iam.oauth import bearer
from iam.oauth.bearer import Presented
from iam.oauth.dpop import SentProof
from iam.oauth.reasons import Reason
from iam.oauth.scopes import OPENID
from iam.openid import claims
from iam.openid.memberships import Memberships
from iam.openid.subjects import Subjects
from iam.records.certificate import Certificate
from iam.records.client import Client
from iam.records.user import UserInfo
from iam.service import service
from iam.store.scopes import Scopes
from iam.store.user_infos import UserInfos
from iam.tokens.access_tokens import AccessTokenFormat
from iam.tokens.introspection import Introspection
from iam.tokens.possession import Possession


@frozen
class Described:
    """The claims about a person that a client gets."""

    client: Client
    claims: dict[str, object]


@service
class UserInformation:
    """Finds the claims that a client may know about a person."""

    table: UserInfos
    directory: Directory
    scopes: Scopes
    form: AccessTokenFormat
    subjects: Subjects
    memberships: Memberships
    introspection: Introspection
    clock: Clock
    possession: Possession

    async def describe(
        self, presented: Presented, sent: SentProof | None, certificate: Certificate | None
    ) -> Described:
        """Returns the claims that the token's scopes and its authorization request give the client.

        Raises Challenge if the token is not valid, comes without the proof or certificate that it needs, is for a resource, or lacks the
        scope openid.
        """
        place = await self.form.place(presented.token)
        found = await self.table.find(place.digest, place.day, self.clock.now()) if place else None
        client = await self.directory.find(found.client_id) if found else None
        if found is None or client is None:
            raise await self._refusal(presented.token)
        await self.possession.prove(presented, found, sent, certificate)
        if found.audience:  # it is for a resource (RFC 8707)
            reason = Reason("audience of the access token", "none", " ".join(found.audience), client_id=client.id)
            raise bearer.invalid_token(reason)
        scope = scopes.retain(found.scope, client)
        if OPENID not in scope or found.told is None:
            reason = Reason("scope of the access token", OPENID, found.scope, client_id=client.id)
            raise bearer.insufficient_scope(OPENID, reason)
        return Described(client, await self._claims(client, found, scope))

    async def _refusal(self, token: str) -> bearer.Challenge:
        """Returns why the token is refused; one that was made by hand and is good lacks the scope, which none has."""
        lasting = await self.introspection.lasting_token(token)
        if lasting is None:
            return bearer.invalid_token(await self.introspection.refusal(token))
        reason = Reason("scope of the access token", OPENID, lasting.scope, client_id=lasting.client_id)
        return bearer.insufficient_scope(OPENID, reason)

    async def _claims(self, client: Client, found: UserInfo, scope: list[str]) -> dict[str, object]:
        known = await self.scopes.all()
        asked = claims.list_asked((found.told or {}).get("claims", {}), claims.USERINFO).keys()
        wanted = claims.names(known, scope) | (asked & claims.names(known, client.scopes))
        derived = claims.list_derived(known, scope) | (asked & claims.list_derived(known, client.scopes))
        told = claims.tell(found.user, wanted) | await self.memberships.tell(client, found.user.id, derived)
        return {**told, claims.SUBJECT: self.subjects.sub(client, found.user.id)}
