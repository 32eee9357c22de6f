"""What mends a refusal: links to the pages of actions, with what is known of it."""

from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Final

from attrs import frozen

from iam.administration.actions.operator import Operator
from iam.administration.actions.table import ACTIONS
from iam.administration.administration import Administration
from iam.authorization.errors import BARRED
from iam.clients.scopes import UNKNOWN
from iam.clients.targets import FOREIGN
from iam.pages.admin.places import address
from iam.pages.advice import UPDATE, Advice
from iam.records.refusal import Trace

BY_NAME: Final = {action.name: action for action in ACTIONS}
# What the link says, with the name of what is changed.
LINKS: Final = {
    UPDATE: "Change the application",
    "application.enable": "Enable the application",
    "application.rotate_secret": "Make a new secret",
    "application.create": "Register an application",
    "group.add": "Add to the group {}",
    "resource.create": "Register {}",
    "resource.enable": "Enable {}",
    "resource.update": "Change who may ask for {}",
    "scope.create": "Create the scope {}",
}

Named = tuple[str, Mapping[str, object], str]  # an action, what is known of its input, and what it is about


@frozen
class Mend:
    """A link to the page of an action."""

    label: str
    address: str


async def mends(on: Administration, trace: Trace, advice: Advice, operator: Operator) -> list[Mend]:
    """Returns the links to what mends a refusal, as far as the operator's roles may do it."""
    return [
        link(name, named, what, advice.member)
        for name, named, what in await possible(on, trace, advice)
        if operator.has_one_of(BY_NAME[name].roles)
    ]


def link(name: str, named: Mapping[str, object], what: str = "", member: str = "") -> Mend:
    """Returns the link to the page of an action, at the field of the member."""
    where = address(BY_NAME[name], named)
    return Mend(LINKS[name].format(what), f"{where}#{member}" if member else where)


async def possible(on: Administration, trace: Trace, advice: Advice) -> Iterable[Named]:
    """Returns the actions that mend a refusal, each with what is known of its input."""
    noun = advice.action.partition(".")[0]
    if noun == "group":
        return await groups(on, trace)
    if noun == "resource":
        return await resources(on, trace)
    if noun == "scope":
        return [(advice.action, {"name": name}, name) for name in named_in(trace.got, UNKNOWN + ": ")]
    if noun == "application" and trace.client_id:
        return [(advice.action, {"application": trace.client_id}, "")]
    return [(advice.action, {}, "")] if advice.action == "application.create" else []


async def groups(on: Administration, trace: Trace) -> list[Named]:
    """Returns the groups that the person may be added to: those of the application, or of the scopes that were left out."""
    restrictions = on.store.restrictions
    scopes = named_in(trace.got, BARRED)
    found = await (
        restrictions.groups_of_scopes(scopes) if scopes else restrictions.groups_of_clients([trace.client_id or ""])
    )
    names = sorted(set(chain.from_iterable(found.values())))
    return [("group.add", {"group": name, "person": trace.user_id}, name) for name in names]


async def resources(on: Administration, trace: Trace) -> list[Named]:
    """Returns what may be done about the resources that the request named."""
    known = await on.store.resources.by_uri()
    found: list[Named] = []
    for uri in named_in(trace.got, FOREIGN) or trace.got.split():
        resource = known.get(uri)
        name = "resource.create" if resource is None else "resource.update" if resource.enabled else "resource.enable"
        found.append((name, {"resource": uri}, uri))
    return found


def named_in(text: str, beginning: str) -> list[str]:
    """Returns the names behind this beginning; none if the text begins otherwise."""
    return text.removeprefix(beginning).split() if text.startswith(beginning) else []
