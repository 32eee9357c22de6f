"""What tokens for a resource may be like, and which scopes mean something there (RFC 8707 §2)."""

from collections.abc import Iterable
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


def useful(target: Resource, scope: str) -> bool:
    """Does this scope mean something to the resource? To one that names none, each does; those of OpenID Connect never do."""
    return scope not in OF_OPENID and (not target.scopes or scope in target.scopes)


def is_among(uri: str, audience: Iterable[str]) -> bool:
    """Is the resource one of these, however they are written (RFC 3986 §6.2)?"""
    return normal(uri) in {normal(each) for each in audience}
