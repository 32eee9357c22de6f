"""Every action of administration writes one row into the audit log, of its kind and with who did it (H29)."""

import inspect
import pkgutil
from collections.abc import Awaitable, Callable, Iterator
from importlib import import_module
from typing import Any

import pytest
from attrs import frozen

import iam.administration
from iam.administration import resources, scopes
from iam.administration.administration import Administration
from iam.administration.resources import Terms
from iam.records.actor import SERVER, By
from iam.records.scope import Scope
from tests.harness import Server

BY = By("somebody who administers", "192.0.2.7")


@frozen
class Desk:
    """The rules, and the server whose people and clients they are about."""

    on: Administration
    server: Server


Act = Callable[[], Awaitable[object]]
Prepare = Callable[[Desk], Awaitable[Act]]


API = "https://api.example"


async def create_resource(desk: Desk) -> Act:
    return lambda: resources.create(desk.on, API, Terms(), BY)


async def update_resource(desk: Desk) -> Act:
    await resources.create(desk.on, API, Terms(), SERVER)
    return lambda: resources.update(desk.on, API, Terms(lifetime=60), BY)


async def disable_resource(desk: Desk) -> Act:
    await resources.create(desk.on, API, Terms(), SERVER)
    return lambda: resources.disable(desk.on, API, BY)


async def enable_resource(desk: Desk) -> Act:
    await resources.create(desk.on, API, Terms(), SERVER)
    await resources.disable(desk.on, API, SERVER)
    return lambda: resources.enable(desk.on, API, BY)


async def delete_resource(desk: Desk) -> Act:
    await resources.create(desk.on, API, Terms(), SERVER)
    return lambda: resources.delete(desk.on, API, BY)


async def create_scope(desk: Desk) -> Act:
    return lambda: scopes.create(desk.on, Scope("photos:read", "Look at your photos"), BY)


async def delete_scope(desk: Desk) -> Act:
    return lambda: scopes.delete(desk.on, "write", BY)


# What prepares each action, and the kind of event that it writes down. A new action without its line fails below.
ACTIONS: dict[str, tuple[Prepare, str]] = {
    "resources.create": (create_resource, "resource.created"),
    "resources.update": (update_resource, "resource.changed"),
    "resources.disable": (disable_resource, "resource.disabled"),
    "resources.enable": (enable_resource, "resource.enabled"),
    "resources.delete": (delete_resource, "resource.deleted"),
    "scopes.create": (create_scope, "scope.created"),
    "scopes.delete": (delete_scope, "scope.deleted"),
}


def actions() -> Iterator[str]:
    """The functions of the room that are told who does it."""
    for module in pkgutil.iter_modules(iam.administration.__path__):
        found = import_module(f"iam.administration.{module.name}")
        for name, function in inspect.getmembers(found, inspect.iscoroutinefunction):
            if (
                function.__module__ == found.__name__
                and By in inspect.get_annotations(function, eval_str=True).values()
            ):
                yield f"{module.name}.{name}"


def test_each_action_has_its_line() -> None:
    assert set(actions()) == set(ACTIONS)


@pytest.mark.parametrize("action", ACTIONS)
async def test_h29_each_action_writes_one_event_of_its_kind(
    server: Server, on: Administration, admin: Any, action: str
) -> None:
    prepare, kind = ACTIONS[action]
    act = await prepare(Desk(on, server))
    admin.execute("truncate audit_events")

    await act()

    admin.execute("select kind, host(address) from audit_events where actor = %s and kind = %s", (BY.actor, kind))
    assert admin.fetchall() == [(kind, BY.address)]


def test_no_action_says_itself_who_does_it() -> None:
    for module in pkgutil.iter_modules(iam.administration.__path__):
        known = vars(import_module(f"iam.administration.{module.name}"))
        assert not [name for name, value in known.items() if isinstance(value, By)], module.name
