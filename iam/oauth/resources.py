"""What a resource may be called, and what tokens for it may be like (RFC 8707 §2)."""

import re
from collections.abc import Collection, Iterable
from typing import Final

from attrs import frozen

from iam.equivalence import normal
from iam.oauth.scopes import OF_OPENID
from iam.records.resource import Resource

JWT: Final = "jwt"

FORMATS: Final = ("opaque", JWT)


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


def useful(target: Resource, scope: str) -> bool:
    """Does this scope mean something to the resource? To one that names none, each does; those of OpenID Connect never do."""
    return scope not in OF_OPENID and (not target.scopes or scope in target.scopes)


def is_among(uri: str, audience: Iterable[str]) -> bool:
    """Is the resource one of these, however they are written (RFC 3986 §6.2)?"""
    return normal(uri) in {normal(each) for each in audience}
