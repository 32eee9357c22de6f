"""Which scopes a request gets (RFC 6749 §3.3)."""

from collections.abc import Sequence

from iam.store.clients import Client
from iam.store.scopes import Scope, Scopes

DEFAULT = ("read", "write")


def default_for(client: Client) -> list[str]:
    """What a request without scope gets, as far as its client may."""
    return [name for name in DEFAULT if name in client.scopes]


def distinct(names: Sequence[str] | None) -> list[str]:
    """Each scope once, in the order asked for."""
    return list(dict.fromkeys(name for name in names or () if name))


async def allowed(names: Sequence[str], client: Client, scopes: Scopes) -> bool:
    """Are these at least one, all known, and all within what the client may ask for?"""
    known = {scope.name for scope in await scopes.all()}
    return bool(names) and known.intersection(client.scopes).issuperset(names)


async def described(names: Sequence[str], scopes: Scopes) -> list[Scope]:
    """The scopes with their sentences, for the consent page."""
    known = {scope.name: scope for scope in await scopes.all()}
    return [known[name] for name in names if name in known]
