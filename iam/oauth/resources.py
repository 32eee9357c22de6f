"""Formats and lifetimes of tokens for a resource, and the scopes that it recognises (RFC 8707 §2)."""

from collections.abc import Iterable
from typing import Final

from attrs import frozen

from iam.equivalence import normal
from iam.oauth.scopes import ADMINISTRATION, OF_OPENID
from iam.records.resource import Resource

JWT: Final = "jwt"

FORMATS: Final = ("opaque", JWT)


@frozen
class Lifetime:
    """The default and the longest lifetime of tokens, in seconds."""

    default: int
    longest: int


LIFETIMES: Final = {
    "opaque": Lifetime(36000, 86400),
    JWT: Lifetime(600, 3600),
}  # a JWT is shorter, since resources accept it without asking this server


def useful(target: Resource, scope: str) -> bool:
    """Checks that the resource recognises the scope.

    A resource that lists no scopes recognises all, except those of OpenID Connect, which no resource does, and those of
    our administration, which only that does.
    """
    if scope.startswith(ADMINISTRATION):
        return scope in target.scopes
    return scope not in OF_OPENID and (not target.scopes or scope in target.scopes)


def is_among(uri: str, audience: Iterable[str]) -> bool:
    """Checks that the URI is equivalent to one of these (RFC 3986 §6.2)."""
    return normal(uri) in {normal(each) for each in audience}
