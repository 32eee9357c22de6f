"""Which scopes a request gets (RFC 6749 §3.3).

What cannot be granted is left out, and the answer says what was granted; a request is refused only where nothing is left.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from attrs import frozen

from iam.clients.targets import opens
from iam.oauth.reasons import Reason, shown
from iam.oauth.resources import useful
from iam.oauth.scopes import DEFAULT, OF_OPENID, OPENID
from iam.records.client import Client
from iam.records.resource import Resource
from iam.records.scope import Scope
from iam.store.scopes import Scopes

UNKNOWN: Final = "unknown here"
FOREIGN: Final = "not the application's"
PERSONAL: Final = "about a person, without one"
USELESS: Final = "of no use to the resource"


@frozen
class Granted:
    """What there is of the scopes that a request asks for, which of them at each resource, and why others are left out."""

    names: Sequence[str]
    at: Mapping[str, Sequence[str]]
    left_out: Mapping[str, Sequence[str]]

    @property
    def enough(self) -> bool:
        """Is there anything? For resources, anything that means something to one of them: who the person is does not.

        Who asks for an identity is given no answer without one: `openid` is left out only where there is no person.
        """
        identified = all(OPENID not in names for why, names in self.left_out.items() if why != PERSONAL)
        return bool(self.names) and identified and (not self.at or any(self.at.values()))

    def reason(self, client: Client, grant_type: str | None = None) -> Reason | None:
        """What was left out, and why, for the client's makers."""
        got = "; ".join(f"{why}: {shown(' '.join(names))}" for why, names in self.left_out.items())
        return Reason("scope", describe_allowed(client), got, client.id, grant_type) if got else None

    def refusal(self, client: Client, asked: Sequence[str]) -> Reason:
        """Why there is nothing."""
        if not asked:
            return Reason("scope", describe_allowed(client), "none, and the application has none by default")
        nothing = "none that means anything to the resource: " + shown(" ".join(asked))
        return self.reason(client) or Reason("scope", describe_allowed(client), nothing)


@frozen
class Asking:
    """Who asks, and for which resources; `alone` where the client acts for itself, and there is no person to be told about."""

    client: Client
    targets: Sequence[Resource]
    alone: bool

    def allowed_at(self, target: Resource, scope: Scope) -> bool:
        """Does the scope mean something to this resource, and may the client have it there?"""
        if not useful(target, scope.name):
            return False
        offered = opens(target, self.client) and scope.name in target.scopes and not scope.restricted
        return scope.name in self.client.scopes or (offered and not self.alone)

    def against(self, name: str, scope: Scope | None) -> str | None:
        """Why the scope is left out, if it is; those about the person are not measured against resources."""
        if scope is None:
            return UNKNOWN
        if self.alone and name in OF_OPENID:
            return PERSONAL
        if any(self.allowed_at(target, scope) for target in self.targets):
            return None
        if name not in self.client.scopes:
            return FOREIGN
        return USELESS if self.targets and not (name in OF_OPENID or scope.claims) else None


async def judge(
    names: Sequence[str], client: Client, scopes: Scopes, targets: Sequence[Resource], *, alone: bool = False
) -> Granted:
    """What there is of these scopes for this client, at these resources."""
    known = {scope.name: scope for scope in await scopes.all()}
    asking = Asking(client, targets, alone)
    against = {name: asking.against(name, known.get(name)) for name in names}
    kept = [name for name, why in against.items() if why is None]
    at = {target.uri: [name for name in kept if asking.allowed_at(target, known[name])] for target in targets}
    reasons = dict.fromkeys(why for why in against.values() if why)
    left_out = {why: [name for name in against if against[name] == why] for why in reasons}
    return Granted(kept, at, left_out)


def default_for(client: Client, targets: Sequence[Resource], more: set[str]) -> list[str]:
    """What a request without scope gets, as far as its client may; for resources, what means something there.

    `more` are the scopes that the client may have at the resources, besides its own.
    """
    if not targets:
        return [name for name in DEFAULT if name in client.scopes]
    own = [name for name in client.scopes if any(useful(target, name) for target in targets)]
    return [*own, *sorted(name for name in more if name not in own and name not in OF_OPENID)]


def retain(scope: str, client: Client, more: set[str] | None = None) -> list[str]:
    """Those of a token's scopes that its client may still have: it may have been allowed more once."""
    return [name for name in scope.split(" ") if name in client.scopes or name in (more or ())]


def describe_allowed(client: Client) -> str:
    """What a client may ask for, in words."""
    return f"scopes that the application may ask for: {' '.join(client.scopes) or 'none'}"


async def describe(names: Sequence[str], scopes: Scopes) -> list[Scope]:
    """The scopes with their sentences, for the consent page."""
    known = {scope.name: scope for scope in await scopes.all()}
    return [known[name] for name in names if name in known]
