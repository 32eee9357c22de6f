"""The scopes that a request gets (RFC 6749 §3.3).

Scopes that cannot be granted are left out, and the answer says which were granted. A request is refused only if nothing
useful remains.
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
MAY_ASK: Final = "scopes that the application may ask for"


@frozen
class Granted:
    """The scopes granted to a request, those of them for each resource, and those left out, with the reason of each."""

    names: Sequence[str]
    at: Mapping[str, Sequence[str]]
    left_out: Mapping[str, str]

    @property
    def enough(self) -> bool:
        """Whether enough remains to grant the request.

        If it names resources, one of them must recognise a granted scope; scopes about the person do not count there.
        A request for `openid` needs that scope, except where no person is involved.
        """
        identified = self.left_out.get(OPENID, PERSONAL) == PERSONAL
        return bool(self.names) and identified and (not self.at or any(self.at.values()))

    def reason(self, client: Client, grant_type: str | None = None) -> Reason | None:
        """Returns what was left out and why, for the client's developers; None if nothing was."""
        if not self.left_out:
            return None
        by_why: dict[str, list[str]] = {}
        for name, why in self.left_out.items():
            by_why.setdefault(why, []).append(name)
        got = "; ".join(f"{why}: {shown(' '.join(names))}" for why, names in by_why.items())
        return Reason("scope", describe_allowed(client), got, client.id, grant_type)

    def refusal(self, client: Client, asked: Sequence[str]) -> Reason:
        """Returns the reason for refusing a request of which not enough remains."""
        if not asked:
            return Reason("scope", describe_allowed(client), "none, and the application has none by default")
        nothing = "none that means anything to the resource: " + shown(" ".join(asked))
        return self.reason(client) or Reason("scope", describe_allowed(client), nothing)


@frozen
class Asking:
    """The client and the resources that a request names.

    `alone`: the client acts for itself, so there is no person to tell about.
    """

    client: Client
    targets: Sequence[Resource]
    alone: bool

    def allowed_at(self, target: Resource, scope: Scope) -> bool:
        """Checks that the resource recognises the scope, and that the client may have it there."""
        if not useful(target, scope.name):
            return False
        offered = opens(target, self.client) and scope.name in target.scopes and not scope.restricted
        return scope.name in self.client.scopes or (offered and not self.alone)

    def against(self, name: str, scope: Scope | None) -> str | None:
        """Returns why the scope is left out, or None; scopes about the person need not be recognised by a resource."""
        if scope is None:
            return UNKNOWN
        if self.alone and name in OF_OPENID:
            return PERSONAL
        if self.targets and any(self.allowed_at(target, scope) for target in self.targets):
            return None
        if name not in self.client.scopes:
            return FOREIGN
        return USELESS if self.targets and not (name in OF_OPENID or scope.claims) else None


async def judge(
    names: Sequence[str], client: Client, scopes: Scopes, targets: Sequence[Resource], *, alone: bool = False
) -> Granted:
    """Returns which of these scopes the client gets, in all and at each of the resources."""
    known, asking = await scopes.by_name(), Asking(client, targets, alone)
    kept: list[str] = []
    left_out: dict[str, str] = {}
    for name in names:
        why = asking.against(name, known.get(name))
        if why is not None:
            left_out[name] = why
        elif name not in kept:
            kept.append(name)
    at = {target.uri: [name for name in kept if asking.allowed_at(target, known[name])] for target in targets}
    return Granted(kept, at, left_out)


def default_for(client: Client, targets: Sequence[Resource], more: set[str]) -> list[str]:
    """Returns the scopes for a request that names none, as far as the client may have them.

    With resources, these are the scopes that a resource recognises; `more` are scopes that the client may have at the
    resources besides its own.
    """
    if not targets:
        return [name for name in DEFAULT if name in client.scopes]
    own = [name for name in client.scopes if any(useful(target, name) for target in targets)]
    return [*own, *sorted(name for name in more if name not in own and name not in OF_OPENID)]


def retain(scope: str, client: Client, more: set[str] | None = None) -> list[str]:
    """Returns those scopes of a token that its client may still have, for its registration may have changed."""
    return [name for name in scope.split(" ") if name in client.scopes or name in (more or ())]


def describe_allowed(client: Client) -> str:
    """Returns which scopes the client may ask for, as a phrase."""
    return f"{MAY_ASK}: {' '.join(client.scopes) or 'none'}"


async def describe(names: Sequence[str], scopes: Scopes) -> list[Scope]:
    """Returns the scopes with their sentences for the consent page; unknown ones are left out."""
    known = await scopes.by_name()
    return [known[name] for name in names if name in known]
