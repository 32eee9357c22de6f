"""Scopes that are for the members of some groups alone, and the words in which that is asked."""

from collections.abc import Sequence
from typing import Final

from iam.administration import groups, scopes
from iam.administration.administration import Administration
from iam.administration.ending import LOOKED, OLDER
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
    outside = await count_outside(on, await find_groups(on, names), scope=name)
    return losses(f"Restrict the scope {name} to {spoken(names)}?", outside)


async def count_outside(
    on: Administration, found: Sequence[Group], *, client_id: str | None = None, scope: str | None = None
) -> list[str]:
    """Returns how many people have grants of a client or a scope and are in none of these groups; nothing if nobody has.

    Of very many grants only the latest are looked at, and then an item says so.
    """
    if not found:
        return []
    ids, store = [group.id for group in found], on.store
    number = await store.restrictions.outside(ids, LOOKED, client_id=client_id, scope=scope)
    items = ["1 person" if number == 1 else f"{number} people"] if number else []
    more = await store.grants.number(on.clock.now(), LOOKED + 1, client_id=client_id) > LOOKED
    return [*items, OLDER] if more else items


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


def losses(question: str, outside: Sequence[str]) -> Losses | None:
    """Returns the question, if there is anybody to lose something."""
    if not outside:
        return None
    return Losses(question, [Section("What they have of it stops, for they are in none of these groups:", outside)])


def spoken(names: Sequence[str]) -> str:
    """Returns the groups in a sentence."""
    return f"the group {names[0]}" if len(names) == 1 else f"the groups {', '.join(names)}"
