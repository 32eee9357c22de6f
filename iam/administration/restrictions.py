"""Scopes that are for the members of some groups alone, and the words in which that is asked."""

from collections.abc import Sequence
from typing import Final

from iam.administration import groups, scopes
from iam.administration.administration import Administration
from iam.administration.losses import Losses, Section
from iam.records.actor import By
from iam.records.group import Group
from iam.records.invalid import Invalid
from iam.records.scope import BUILT_IN, Scope

STAYS: Final = "The scope {name} is one of OpenID Connect's own: it is for everybody."


async def restrict_scope(on: Administration, name: str, names: Sequence[str], by: By) -> Scope:
    """Gives a scope to the members of these groups alone; with none, to everybody. Raises Invalid."""
    await find_scope(on, name)
    found = await find_groups(on, names)
    if not await on.store.restrictions.restrict_scope(name, [group.id for group in found], on.clock.now(), by):
        raise scopes.missing(name)
    on.store.scopes.forget()
    return await find_scope(on, name)


async def count_losses_of_scope(on: Administration, name: str, names: Sequence[str]) -> Losses | None:
    """Returns how many people have the scope in something that ends then; None if nobody has. Raises Invalid."""
    await find_scope(on, name)
    ids = [group.id for group in await find_groups(on, names)]
    count = await on.store.restrictions.outside(ids, scope=name) if ids else 0
    return losses(f"Restrict the scope {name} to {spoken(names)}?", count)


async def find_groups(on: Administration, names: Sequence[str]) -> list[Group]:
    """Returns the groups of these names or ids. Raises Invalid."""
    return [await groups.find(on, name) for name in names]


async def find_scope(on: Administration, name: str) -> Scope:
    """Returns the scope of this name. Raises Invalid if there is none, or if it must be for everybody."""
    if name in BUILT_IN:
        raise Invalid({"name": STAYS.format(name=name)})
    scope = (await on.store.scopes.by_name()).get(name)
    if scope is None:
        raise scopes.missing(name)
    return scope


def losses(question: str, count: int) -> Losses | None:
    """Returns the question, if there is anybody to lose something."""
    if not count:
        return None
    people = "1 person" if count == 1 else f"{count} people"
    return Losses(question, [Section("What they have of it stops, for they are in none of these groups:", [people])])


def spoken(names: Sequence[str]) -> str:
    """Returns the groups in a sentence."""
    return f"the group {names[0]}" if len(names) == 1 else f"the groups {', '.join(names)}"
