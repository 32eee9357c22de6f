"""Scopes: the permissions that clients may request (RFC 6749 §3.3)."""

from attrs import evolve

from iam.administration.administration import Administration
from iam.administration.ending import count_using
from iam.administration.losses import MOST, Losses, Section, count
from iam.clients import rules
from iam.oauth.scopes import ADMINISTRATION
from iam.records.actor import By
from iam.records.invalid import Invalid, Missing, complain
from iam.records.scope import ADMINISTRATIVE, BUILT_IN, DERIVED, Scope
from iam.settings import SCOPE


async def create(on: Administration, scope: Scope, by: By) -> Scope:
    """Creates a scope; existing clients may request it once it is added to their metadata. Raises Invalid."""
    claims = (scope.name,) if scope.derived else tuple(dict.fromkeys(scope.claims))
    now = on.clock.now()
    scope = evolve(scope, description=scope.description.strip(), claims=claims, created_at=now)
    complain(
        name=name_complaint(scope.name),
        description=description_complaint(scope.description),
        claims=claims_complaint(scope.claims),
        derived=derived_complaint(scope),
        acr=rules.level(scope.acr),
    )
    if not await on.store.scopes.create(
        scope.name,
        scope.description,
        now,
        scope.claims,
        by=by,
        restricted=scope.restricted,
        acr=scope.acr,
        derived=scope.derived,
    ):
        raise Invalid({"name": f"There is a scope {scope.name} already."})
    return scope


async def count_losses(on: Administration, name: str) -> Losses:
    """Returns the clients, grants and resources that lose the scope.

    Raises Invalid if there is no such scope, or it belongs to OpenID Connect.
    """
    refuse_built_in(name)
    if all(scope.name != name for scope in await on.store.scopes.all()):
        raise missing(name)
    clients = await on.store.clients.names_with_scope(name, MOST + 1)
    resources = [uri for uri, each in (await on.store.resources.by_uri()).items() if name in each.scopes]
    items = count(clients, "client", str)
    items += await count_using(on, scope=name)
    items += count(resources, "resource", str)
    section = Section(f"These lose the scope {name}:", items or ["nobody"])
    return Losses(f"Delete the scope {name}?", [section], for_good=True)


async def delete(on: Administration, name: str, by: By) -> None:
    """Deletes a scope, so that no client may request it. Raises Invalid if there is none, or it is OpenID Connect's."""
    refuse_built_in(name)
    if not await on.store.scopes.delete(name, on.clock.now(), by):
        raise missing(name)


def refuse_built_in(name: str) -> None:
    """Raises Invalid for a scope that OpenID Connect or our administration needs."""
    if name in ADMINISTRATIVE:
        raise Invalid({"name": f"The scope {name} is for the administration of this server: it cannot be deleted."})
    if name in BUILT_IN:
        raise Invalid({"name": f"The scope {name} is one of OpenID Connect's own: it cannot be deleted."})


def missing(name: str) -> Missing:
    """Returns the error for a scope that does not exist."""
    return Missing({"name": f"There is no scope {name}."})


def name_complaint(name: str) -> str | None:
    """Returns what is wrong with the name (RFC 6749 §3.3), or None."""
    if name.startswith(ADMINISTRATION):
        return f"Names that begin with {ADMINISTRATION} are for the administration of this server: choose another one."
    if SCOPE.fullmatch(name):
        return None
    return "A scope's name is 1 to 128 visible ASCII characters, without \" and \\."


def description_complaint(description: str) -> str | None:
    """Returns the complaint about an empty description, which the consent page shows, or None."""
    return None if description else "The description is what a person is asked to allow: it cannot be empty."


def derived_complaint(scope: Scope) -> str | None:
    """Returns the complaint about a derived scope that is none of those that can be, or None."""
    if not scope.derived or scope.name in DERIVED:
        return None
    return f"Only the scopes {' and '.join(DERIVED)} can be derived."


def claims_complaint(claims: tuple[str, ...]) -> str | None:
    """Returns the complaint about an empty claim name, or None."""
    return None if all(claim.strip() for claim in claims) else "The name of a claim cannot be empty."
