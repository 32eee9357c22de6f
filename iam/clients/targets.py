"""Which resources is a token for, and what does that mean for it? (RFC 8707)"""

from collections.abc import Iterable, Sequence
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


@frozen
class Targets:
    """The resources that requests name, as they are registered."""

    resources: Resources
    scopes: Scopes

    async def find(self, audience: Sequence[str], client: Client) -> tuple[Resource, ...]:
        """The resources that a request of this client names, as they are registered.

        Raises invalid_target for one that there is not, or that the client may not ask for (RFC 8707 §2).
        """
        if len(audience) > MOST:
            raise invalid_target(Reason("resource", f"at most {MOST} resources", str(len(audience))))
        found = {uri: await self.resources.find(uri) for uri in audience}
        unknown = [uri for uri, target in found.items() if target is None or not target.enabled]
        foreign = [uri for uri, target in found.items() if target and not admits(target, client)]
        if unknown or foreign:
            got = f"not for this application: {' '.join(foreign)}" if not unknown else " ".join(unknown)
            expected = "resources that are registered and enabled, and that this application may ask for"
            raise invalid_target(Reason("resource", expected, shown(got)))
        return tuple({target.uri: target for target in found.values() if target}.values())

    async def normalize(self, audience: Iterable[str]) -> list[str]:
        """The resources as they are registered (RFC 3986 §6.2); what is none stays as it is."""
        found = {uri: await self.resources.find(uri) for uri in audience}
        return list(dict.fromkeys(target.uri if target else uri for uri, target in found.items()))

    async def scopes_of(self, client: Client, audience: Sequence[str] | None = None) -> set[str]:
        """The scopes that this client may have at these resources, or at any, without being registered for them."""
        known = await self.resources.by_uri()
        at = known.values() if audience is None else [known[uri] for uri in audience if uri in known]
        restricted = {scope.name for scope in await self.scopes.all() if scope.restricted}
        return {name for target in at if opens(target, client) for name in target.scopes} - restricted

    async def open_to_all(self) -> frozenset[str]:
        """The scopes that any client which registers itself may ask for at some resource, without being registered for them."""
        restricted = {scope.name for scope in await self.scopes.all() if scope.restricted}
        known = (await self.resources.by_uri()).values()
        named = {name for target in known if target.enabled and target.clients == EVERYBODY for name in target.scopes}
        return frozenset(named - restricted)

    async def offers(self, client: Client) -> list[dict[str, str]]:
        """The resources that this client may ask for, each with the scopes that it may have there."""
        offers = {
            target.uri: [name for name in client.scopes if useful(target, name)] + sorted(more - {*client.scopes})
            for target in (await self.resources.by_uri()).values()
            if target.enabled and admits(target, client)
            for more in [await self.scopes_of(client, [target.uri])]
        }
        return [{"resource": uri, "scope": " ".join(names)} for uri, names in offers.items() if names]

    async def signing_alg(self, audience: Sequence[str] | None) -> str | None:
        """How JWTs for these resources are signed (RFC 9068); None for opaque tokens, which serve all where they disagree."""
        if not audience:
            return None
        known = await self.resources.by_uri()
        targets = [known.get(uri) for uri in audience]
        algs = {target.signing_alg if target and target.token_format == JWT else None for target in targets}
        return algs.pop() if len(algs) == 1 else None

    async def serves(self, client_id: str, audience: Sequence[str] | None) -> bool:
        """Is this client the resource server of one of these?"""
        if not audience:
            return False
        known = await self.resources.by_uri()
        return any(uri in known and known[uri].client_id == client_id for uri in audience)


def admits(target: Resource, client: Client) -> bool:
    """May this client ask for the resource? The database judges what it was granted alike (may_live).

    A client that nobody here answers for gets no JWT, which nobody takes back, unless the resource says what it may be good for.
    """
    if client.id in target.allowed_clients:
        return True
    if client.answered_for:
        return target.clients != NAMED
    return target.clients == EVERYBODY and bool(target.scopes or target.token_format != JWT)


def opens(target: Resource, client: Client) -> bool:
    """Are the scopes that the resource names for this client, though it is not registered for them?"""
    return client.registered_itself and target.clients == EVERYBODY


def invalid_target(reason: Reason) -> CustomOAuth2Error:
    """RFC 8707 §2: the resource is unknown, malformed, or not what was granted."""
    sentence = "A resource of this request is not one that tokens are given for here."
    return carrying(CustomOAuth2Error("invalid_target", sentence), reason)
