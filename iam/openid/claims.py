"""Claims about a person: which exist, and which a client gets (OpenID Connect Core §5)."""

from collections.abc import Collection, Iterable, Mapping
from typing import Final

from iam.records.scope import Scope
from iam.records.user import User

# The places where claims are returned: members of the claims parameter (Core §5.5).
ID_TOKEN: Final = "id_token"
USERINFO: Final = "userinfo"

SUBJECT: Final = "sub"


def list_known(user: User) -> dict[str, object]:
    """Returns all claims about a person: standard ones (Core §5.1) and the operator's; empty ones are left out."""
    claims: dict[str, object] = {
        **user.claims,
        "name": user.name,
        "preferred_username": user.username,
        "updated_at": int(user.updated_at.timestamp()),
        "email": user.email,
    }
    if user.email:
        claims["email_verified"] = user.email_verified
    return {name: value for name, value in claims.items() if value is not None and value not in ("", {}, [])}


def names(scopes: Iterable[Scope], granted: Collection[str]) -> set[str]:
    """Returns the names of the claims that the granted scopes stand for (Core §5.4)."""
    return {name for scope in scopes if scope.name in granted for name in scope.claims}


def list_derived(scopes: Iterable[Scope], granted: Collection[str]) -> set[str]:
    """Returns the names of those claims of the granted scopes that follow from groups and roles."""
    return names((scope for scope in scopes if scope.derived), granted)


def list_asked(claims: Mapping[str, object], place: str) -> Mapping[str, object]:
    """Returns the claims that the request's claims parameter names for this place."""
    found = claims.get(place)
    return found if isinstance(found, Mapping) else {}


def find_granting(scopes: Iterable[Scope], claims: Mapping[str, object], granted: Collection[str]) -> list[str]:
    """Returns the scopes behind claims requested by name (Core §5.5).

    Claims that the requested scopes already cover are not considered.
    """
    known = list(scopes)
    wanted = {*list_asked(claims, ID_TOKEN), *list_asked(claims, USERINFO)} - {SUBJECT} - names(known, granted)
    return [scope.name for scope in known if wanted & set(scope.claims)]


def narrow(claims: Mapping[str, Iterable[str]], allowed: Collection[str]) -> dict[str, dict[str, None]]:
    """Returns the requested claims, by place, that have one of the allowed names."""
    some = {place: dict.fromkeys(name for name in names if name in allowed) for place, names in claims.items()}
    return {place: names for place, names in some.items() if names}


def tell(user: User, wanted: Collection[str]) -> dict[str, object]:
    """Returns the person's claims that have one of these names."""
    return {name: value for name, value in list_known(user).items() if name in wanted}
