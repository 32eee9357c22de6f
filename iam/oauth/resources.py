"""Which resources is a token for, and what does that mean for it? (RFC 8707)"""

import re
from collections.abc import Collection, Iterable, Sequence
from typing import Final

from attrs import frozen
from oauthlib.oauth2.rfc6749.errors import CustomOAuth2Error

from iam.oauth.refusal import Refusal, shown
from iam.oauth.request import Request
from iam.store.resources import Resource, Resources

JWT: Final = "jwt"
FORMATS: Final = ("opaque", JWT)
MOST: Final = 16  # resources in one request


@frozen
class Lifetime:
    """Seconds: unless somebody says otherwise, and at most."""

    default: int
    longest: int


LIFETIMES: Final = {
    "opaque": Lifetime(36000, 86400),
    JWT: Lifetime(600, 3600),
}  # who trusts a JWT does not ask us again
URI: Final = re.compile(
    r"[A-Za-z][A-Za-z0-9+.-]*:(?:[A-Za-z0-9._~:/?\[\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+"
)  # RFC 3986 §4.3
LONGEST: Final = 2048


@frozen
class Targets:
    """The resources that requests name, as they are registered."""

    resources: Resources

    async def of(self, request: Request) -> tuple[Resource, ...]:
        """The resources of a request, looked up once; raises invalid_target for one that there is not (RFC 8707 §2)."""
        if request.targets is None:
            request.targets = await self._known(request) if request.audience else ()
        targets: tuple[Resource, ...] = request.targets
        return targets

    async def _known(self, request: Request) -> tuple[Resource, ...]:
        if len(request.audience) > MOST:
            request.refusal = Refusal("resource", f"at most {MOST} resources", str(len(request.audience)))
            raise invalid_target(request)
        known = await self.resources.by_uri()
        targets = tuple(known[uri] for uri in request.audience if uri in known and known[uri].enabled)
        if len(targets) != len(request.audience):
            unknown = [uri for uri in request.audience if uri not in known or not known[uri].enabled]
            request.refusal = Refusal("resource", "resources that are registered and enabled", shown(" ".join(unknown)))
            raise invalid_target(request)
        return targets

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


def cover(targets: Iterable[Resource], scope: str) -> bool:
    """Does this scope mean something to one of the resources? To one that names none, each does."""
    return any(not target.scopes or scope in target.scopes for target in targets)


def complaint(
    uri: str, scopes: Collection[str], token_format: str, lifetime: int, known_scopes: Collection[str]
) -> str | None:
    """What is wrong with a resource that somebody wants to register, if anything."""
    if len(uri) > LONGEST or not URI.fullmatch(uri):
        return "A resource is an absolute URI without fragment, such as https://api.example.org."
    if any(scope not in known_scopes for scope in scopes):
        return f"Choose among the scopes that exist: {', '.join(known_scopes) or 'there is none yet'}."
    longest = LIFETIMES[token_format].longest
    if not 1 <= lifetime <= longest:
        return f"The lifetime is 1 to {longest} seconds for tokens of this format."
    return None


def invalid_target(request: Request) -> CustomOAuth2Error:
    """RFC 8707 §2: the resource is unknown, malformed, or not what was granted."""
    return CustomOAuth2Error(
        "invalid_target", "A resource of this request is not one that tokens are given for here.", request=request
    )
