"""The resources that a token is for, and what follows from them for the token (RFC 8707)."""

from collections.abc import Sequence
from typing import Final

from attrs import frozen

from iam.oauth.errors import CustomOAuth2Error
from iam.oauth.reasons import Reason, carrying, shown
from iam.oauth.resources import JWT, useful
from iam.records.client import Client
from iam.records.resource import EVERYBODY, NAMED, Resource
from iam.store.resources import Resources
from iam.store.scopes import Scopes

MOST: Final = 16  # resources in one request
FOREIGN: Final = "not for this application: "


@frozen
class Targets:
    """The registered resources that requests name."""

    resources: Resources
    scopes: Scopes

    async def find(self, audience: Sequence[str], client: Client) -> tuple[Resource, ...]:
        """Returns the registered resources that a request of this client names.

        Raises invalid_target (RFC 8707 §2) if one is unknown or disabled, if the client may not ask for it, or if they
        are more than 16.
        """
        if not audience:
            return ()
        if len(audience) > MOST:
            raise invalid_target(Reason("resource", f"at most {MOST} resources", str(len(audience))))
        found = {uri: await self.resources.find(uri) for uri in audience}
        unknown = [uri for uri, target in found.items() if target is None or not target.enabled]
        foreign = [uri for uri, target in found.items() if target and not admits(target, client)]
        if unknown or foreign:
            got = f"{FOREIGN}{' '.join(foreign)}" if not unknown else " ".join(unknown)
            expected = "resources that are registered and enabled, and that this application may ask for"
            raise invalid_target(Reason("resource", expected, shown(got)))
        return tuple({target.uri: target for target in found.values() if target}.values())

    async def normalize(self, audience: Sequence[str]) -> list[str]:
        """Returns the resources by their registered URIs (RFC 3986 §6.2); unknown ones stay as they are."""
        if not audience:
            return []
        found = {uri: await self.resources.find(uri) for uri in audience}
        return list(dict.fromkeys(target.uri if target else uri for uri, target in found.items()))

    async def scopes_of(self, client: Client, audience: Sequence[str] | None = None) -> set[str]:
        """Returns the scopes that the client may have at these resources without being registered for them.

        `audience` None means all resources.
        """
        if not client.registered_itself:  # the others have the scopes that they are registered for
            return set()
        known = await self.resources.by_uri()
        at = known.values() if audience is None else [known[uri] for uri in audience if uri in known]
        restricted = {scope.name for scope in await self.scopes.all() if scope.restricted}
        return {name for target in at if opens(target, client) for name in target.scopes} - restricted

    async def open_to_all(self) -> frozenset[str]:
        """Returns the scopes that any self-registered client may have at some resource without having them itself."""
        restricted = {scope.name for scope in await self.scopes.all() if scope.restricted}
        known = (await self.resources.by_uri()).values()
        named = {name for target in known if target.enabled and target.clients == EVERYBODY for name in target.scopes}
        return frozenset(named - restricted)

    async def published(self, target: Resource) -> list[str]:
        """Returns the scopes of a resource that its metadata name: without restricted ones, which nobody can ask for."""
        restricted = {scope.name for scope in await self.scopes.all() if scope.restricted}
        return sorted(target.scopes - restricted)

    async def offers(self, client: Client) -> list[dict[str, str]]:
        """Returns the resources that this client may ask for, each with the scopes that it may have there."""
        offers = {
            target.uri: [name for name in client.scopes if useful(target, name)] + sorted(more - {*client.scopes})
            for target in (await self.resources.by_uri()).values()
            if target.enabled and admits(target, client)
            for more in [await self.scopes_of(client, [target.uri])]
        }
        return [{"resource": uri, "scope": " ".join(names)} for uri, names in offers.items() if names]

    async def signing_alg(self, audience: Sequence[str] | None) -> str | None:
        """Returns the algorithm that signs JWT access tokens for these resources (RFC 9068); None for opaque tokens.

        Tokens are opaque if the resources disagree, since each of them can use an opaque token.
        """
        if not audience:
            return None
        known = await self.resources.by_uri()
        targets = [known.get(uri) for uri in audience]
        algs = {target.signing_alg if target and target.token_format == JWT else None for target in targets}
        return algs.pop() if len(algs) == 1 else None

    async def serves(self, client_id: str, audience: Sequence[str] | None) -> bool:
        """Checks that the client is the resource server of one of these resources."""
        if not audience:
            return False
        known = await self.resources.by_uri()
        return any(uri in known and known[uri].client_id == client_id for uri in audience)


def admits(target: Resource, client: Client) -> bool:
    """Checks that the client may ask for the resource; the SQL function may_live judges existing grants alike.

    A JWT cannot be revoked, so a client that nobody here answers for gets one only if the resource lists its scopes.
    """
    if client.id in target.allowed_clients:
        return True
    if client.answered_for:
        return target.clients != NAMED
    return target.clients == EVERYBODY and bool(target.scopes or target.token_format != JWT)


def opens(target: Resource, client: Client) -> bool:
    """Checks that the client may have the resource's scopes without being registered for them."""
    return client.registered_itself and target.clients == EVERYBODY


def invalid_target(reason: Reason) -> CustomOAuth2Error:
    """Returns the error for a resource that is unknown, malformed, or not granted (RFC 8707 §2)."""
    sentence = "A resource of this request is not one that tokens are given for here."
    return carrying(CustomOAuth2Error("invalid_target", sentence), reason)
