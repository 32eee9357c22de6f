"""Which scopes a request gets (RFC 6749 §3.3)."""

from collections.abc import Sequence

from iam.oauth import resources
from iam.oauth.refusal import Refusal, shown
from iam.store.clients import Client
from iam.store.resources import Resource
from iam.store.scopes import Scope, Scopes

DEFAULT = ("read", "write")
OPENID = "openid"
OFFLINE_ACCESS = "offline_access"
OF_OPENID = frozenset({OPENID, "profile", "email", "address", "phone", OFFLINE_ACCESS})  # given only to who asks (G21)


def default_for(client: Client, targets: Sequence[Resource]) -> list[str]:
    """What a request without scope gets, as far as its client may; for resources, what means something there."""
    if targets:
        return [name for name in client.scopes if name not in OF_OPENID and resources.cover(targets, name)]
    return [name for name in DEFAULT if name in client.scopes]


def left(scope: str, client: Client) -> list[str]:
    """Those of a token's scopes that its client may still ask for: it may have been allowed more once."""
    return [name for name in scope.split(" ") if name in client.scopes]


def distinct(names: Sequence[str] | None) -> list[str]:
    """Each scope once, in the order asked for."""
    return list(dict.fromkeys(name for name in names or () if name))


async def refusal(
    names: Sequence[str], client: Client, scopes: Scopes, targets: Sequence[Resource], *, alone: bool = False
) -> Refusal | None:
    """Why not these? None where they are at least one, all known, within what the client may ask for, and of use to the resources.

    `alone`: the client acts for itself, and there is no person to be told about.
    """
    known = {scope.name for scope in await scopes.all()}
    if not names:
        return Refusal("scope", among(client), "none, and the application has none by default")
    offending = {
        "unknown here": [name for name in names if name not in known],
        "not the application's": [name for name in names if name in known and name not in client.scopes],
        "about a person, without one": [name for name in names if alone and name in OF_OPENID],
        "of no use to the resource": [name for name in names if targets and not resources.cover(targets, name)],
    }
    got = "; ".join(f"{why}: {shown(' '.join(some))}" for why, some in offending.items() if some)
    return Refusal("scope", among(client), got) if got else None


def among(client: Client) -> str:
    """What a client may ask for, in words."""
    return f"scopes that the application may ask for: {' '.join(client.scopes) or 'none'}"


async def understood(names: Sequence[str], scopes: Scopes) -> list[str]:
    """Those that exist."""
    known = {scope.name for scope in await scopes.all()}
    return [name for name in names if name in known]


async def described(names: Sequence[str], scopes: Scopes) -> list[Scope]:
    """The scopes with their sentences, for the consent page."""
    known = {scope.name: scope for scope in await scopes.all()}
    return [known[name] for name in names if name in known]
