"""What a token that is made by hand may be given: by a person to one of their own, and to one of an application."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from attrs import frozen

from iam.clients import targets
from iam.oauth.resources import useful
from iam.oauth.scopes import ADMINISTRATION, DEFAULT, OF_OPENID
from iam.records.client import Client
from iam.records.personal_token import Presented
from iam.records.resource import NAMED, Resource
from iam.records.role import Role
from iam.records.scope import Scope
from iam.store.resources import Resources
from iam.store.restrictions import Restrictions
from iam.store.scopes import Scopes


@frozen
class Offer:
    """The scopes and resources that a token may have."""

    scopes: Sequence[Scope]
    resources: Sequence[Resource]

    def default(self, resources: Sequence[Resource]) -> list[str]:
        """Returns the scopes of a token for which none are named, as far as they mean something at its resources."""
        return [scope.name for scope in self.scopes if scope.name in DEFAULT and fits(scope.name, resources)]

    def target(self, uri: str) -> Resource | None:
        """Returns the resource of this URI, if a token may be for it."""
        return next((target for target in self.resources if target.uri == uri), None)


@frozen
class PersonalScopes:
    """The scopes and resources of tokens that are made by hand, as they are now."""

    scopes: Scopes
    resources: Resources
    restrictions: Restrictions

    async def of_person(self, user_id: UUID, roles: Collection[Role]) -> Offer:
        """Returns what a person with these roles may give a token of their own."""
        scopes = await self.scopes.all()
        guarded = [scope.name for scope in scopes if scope.members_only]
        barred = await self.restrictions.barred(user_id, guarded) if guarded else ()
        known = [target for target in (await self.resources.by_uri()).values() if admits(target)]
        given = [scope for scope in scopes if may_give(scope, roles) and scope.name not in barred]
        return Offer(given, known)

    async def of_client(self, client: Client) -> Offer:
        """Returns what a token of an application may have: what the application may have by itself."""
        known = (await self.resources.by_uri()).values()
        own = [each for each in await self.scopes.all() if each.name in client.scopes and each.name not in OF_OPENID]
        return Offer(own, [target for target in known if target.enabled and targets.admits(target, client)])

    async def retain(self, token: Presented) -> str:
        """Returns those scopes of a person's token that they may still give it; may be empty."""
        known, by_uri = await self.scopes.by_name(), await self.resources.by_uri()
        at = [by_uri[uri] for uri in token.audience or () if uri in by_uri]
        return " ".join(name for name in token.scope.split(" ") if stays(name, known, token) and fits(name, at))


def may_give(scope: Scope, roles: Collection[Role]) -> bool:
    """Checks that a person with these roles may give the scope to a token of their own.

    Scopes of OpenID Connect are for logins alone; restricted ones are for administrators, and those of our
    administration for whoever has a role: what they may do with it is judged at each use.
    """
    if scope.name in OF_OPENID:
        return False
    if scope.name.startswith(ADMINISTRATION):
        return bool(roles)
    return Role.ADMINISTRATOR in roles or not scope.restricted


def admits(target: Resource) -> bool:
    """Checks that tokens of people may be for the resource; the SQL function may_live judges existing ones alike."""
    return target.enabled and target.clients != NAMED


def stays(name: str, known: Mapping[str, Scope], token: Presented) -> bool:
    """Checks that the person may still give the token the scope of this name."""
    return name in known and may_give(known[name], token.roles)


def fits(name: str, resources: Sequence[Resource]) -> bool:
    """Checks that one of the resources recognises the scope, if there are any."""
    return not resources or any(useful(target, name) for target in resources)
