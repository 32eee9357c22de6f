"""Where the actions have their pages, and what those are called."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Final
from urllib.parse import quote, urlencode

from iam.administration.actions.action import Action
from iam.administration.actions.models import Model
from iam.administration.actions.table import ACTIONS

PLACE: Final = "/admin"
CHOSEN: Final = f"{PLACE}/chosen"  # below which an action is done to several objects
DONE: Final = "?done"
FILTERS: Final = "filters"  # the query of the list that led to an action on several objects, in the query
BACK: Final = "back"  # the path of the page that led to an action, in the query
VARIABLE: Final = re.compile(r"\{(\w+)\}")

# Of actions whose names say too little.
LABELS: Final = {
    "event.prune": "Prune the log",
    "grant.revoke_all": "Revoke all grants",
    "grant.withdraw": "Withdraw access",
    "key.rotate": "Rotate keys",
    "person.unthrottle": "Let them try again",
    "resource.add_mcp": "Add an MCP server",
    "token.revoke_all": "Revoke all tokens",
    "token.revoke_text": "Revoke by its text",
    "token.show": "Look up a token",
}


@cache
def place(action: Action[Model, Model]) -> str:
    """Returns the path of the page of an action that changes something, with the variables of the action's path.

    It is below the page of its object; what has no object has a path that is no object's.
    """
    before, brace, _ = action.path.rpartition("}")
    if not brace:
        return f"{PLACE}/{action.name.replace('.', '/').replace('_', '-')}"
    return f"{PLACE}{before}}}/{verb(action).replace('_', '-')}"


def several(action: Action[Model, Model]) -> str:
    """Returns the path of the page at which an action is done to several objects, which the query names."""
    return f"{CHOSEN}/{action.name.replace('.', '/').replace('_', '-')}"


def address(action: Action[Model, Model], named: Mapping[str, object]) -> str:
    """Returns the address of the page of an action that is about this; what its path does not name is in the query."""
    return filled(place(action), named)


def page(noun: str, identity: object) -> str:
    """Returns the address of the page of an object."""
    return f"{PLACE}/{noun}/{quote(str(identity), safe='')}"


def filled(path: str, named: Mapping[str, object]) -> str:
    """Returns the address of a path with these variables; what else is named is in the query."""
    used = names(path)
    rest = {name: str(value) for name, value in named.items() if name not in used and value is not None}
    written = VARIABLE.sub(lambda found: quote(str(named[found[1]]), safe=""), path)
    return f"{written}?{urlencode(rest)}" if rest else written


def verb(action: Action[Model, Model]) -> str:
    """Returns what an action does."""
    return action.name.partition(".")[2]


@cache
def label(action: Action[Model, Model]) -> str:
    """Returns what the button of an action says; one without an object on its page says of what noun it is."""
    if action.name in LABELS:
        return LABELS[action.name]
    said = verb(action) if variables(action) else " ".join(reversed(action.name.split(".")))
    return said.replace("_", " ").capitalize()


def variables(action: Action[Model, Model]) -> Sequence[str]:
    """Returns the names of the variables in the path of an action, which are its object and a part of that."""
    return names(action.path)


@cache
def names(path: str) -> tuple[str, ...]:
    """Returns the names of the variables in a path."""
    return tuple(VARIABLE.findall(path))


def of_noun(noun: str) -> Iterator[Action[Model, Model]]:
    """Yields the actions of a noun, which is the first part of their paths."""
    return (action for action in ACTIONS if action.noun == noun)
