"""What is asked of the administration: each list from its first page and from a later one, with each filter, and each page."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any, Final, Literal, get_args, get_origin
from urllib.parse import quote, urlencode

from annotated_types import MaxLen
from attrs import frozen
from pydantic import AwareDatetime

from iam.administration.actions.action import Action
from iam.administration.actions.models import USUAL, Stream
from iam.administration.actions.table import ACTIONS
from iam.endpoints.api.api import PATH as API
from iam.pages.admin import places

Get = Callable[[str], tuple[int, bytes]]

LATER: Final = 10  # pages of the longest kind, after which a list is asked for again
LONGEST: Final = 200

KNOWN: Final = ("id", "client_id", "name", "uri", "kid")  # members by which an item is named, the first that it has
OBJECTS: Final = {
    "person": "user1",
    "application": "client1",
    "group": "group 1",
    "refusal": "refus0000001",
    "scope": "openid",
}
OWN: Final = (
    "/account",
    "/account/details",
    "/account/applications",
    "/account/sessions",
    "/account/security",
    "/account/tokens",
    "/account/activity",
    "/account/data",
    "/applications",
)

# What is asked for by the filters: first what much has, then what nothing has.
SOUGHT: Final[Mapping[str, Sequence[str]]] = {
    "people": ("user", "user1@", "nobody"),
    "applications": ("application", "nothing"),
    "groups": ("group", "nothing"),
}
FILTERS: Final[Mapping[str, Sequence[str]]] = {
    "user": ("user1",),
    "person": ("user1",),
    "owner": ("user1",),
    "client": ("client1",),
    "application": ("client1",),
    "group": ("group 1",),
    "id": ("refus0000001", "nothing"),
    "endpoint": ("token", "nothing"),
    "error": ("invalid_client", "nothing"),
    "kind": ("user.disabled", "session.begun", "nothing.at_all"),
    "actor": ("command line", "server", "nobody"),
    "address": ("192.0.2.1", "198.51.100.1"),
}
LATELY: Final = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
EMPTY: Final = MaxLen(0)  # of a filter that a list has for the sake of others
BESIDES: Final = {"did": {"user": "user1"}}  # filters that mean nothing alone


@frozen
class Asked:
    """An address of the API or of a page, the administrator's or a person's `own`."""

    address: str
    kind: str
    own: bool = False


def addresses(get: Get) -> dict[str, Asked]:
    """Everything that is asked of this server, by what it is called; what is asked of `get` tells what there is."""
    found: dict[str, Asked] = {}
    for action in ACTIONS:
        if issubclass(action.output, Stream):  # takes as long as there is something to tell
            continue
        if action.looks:  # by POST
            continue
        if not action.changes:
            for label, address in of_api(action, get):
                found[f"GET {label}"] = Asked(API + address, "api")
                if len(action.path.split("/")) < 4:  # what is about a part of an object is on the object's page
                    found[places.PLACE + label] = Asked(places.PLACE + address, "page")
        elif "{" in action.path and (place := filled(places.place(action), get)):
            found[places.place(action)] = Asked(place, "page")
    found[places.PLACE] = Asked(places.PLACE, "page")
    return found | {path: Asked(path, "page", own=True) for path in OWN}


def of_api(action: Action[Any, Any], get: Get) -> Iterator[tuple[str, str]]:
    """What an action that only reads is asked for: labels and addresses below the API's path."""
    path = filled(action.path, get)
    if path is None:
        return
    yield action.path, path
    if is_list(action):
        if following := later(path, get):
            yield action.path + "?after", f"{path}?{urlencode({'after': following})}"
        for wish in wishes(action):
            query = urlencode(wish)
            yield f"{action.path}?{query.replace(quote(LATELY, safe=''), 'an+hour+ago')}", f"{path}?{query}"


def is_list(action: Action[Any, Any]) -> bool:
    """Whether it is a list by pages."""
    return "after" in action.input.model_fields


def wishes(action: Action[Any, Any]) -> Iterator[dict[str, str]]:
    """What a list is asked for by each of its filters."""
    for name, field in action.input.model_fields.items():
        if name not in ("after", "limit") and f"{{{name}}}" not in action.path and EMPTY not in field.metadata:
            values = [value for kind in parts(field.annotation) for value in values_of(kind)]
            values = values or (SOUGHT.get(action.noun, ("a",)) if name == "search" else FILTERS.get(name, ()))
            if not values:
                raise LookupError(f"bench/asked.py does not say what to ask {action.path} for by {name}")
            yield from ({**BESIDES.get(name, {}), name: value} for value in values)


def values_of(kind: Any) -> Sequence[str]:
    """What there is of a type with few values, or one that will do; nothing of others."""
    if isinstance(kind, type) and issubclass(kind, Enum):
        return [str(each.value) for each in kind]
    if get_origin(kind) is Literal:
        return [str(each) for each in get_args(kind)]
    return {bool: ("true",), AwareDatetime: (LATELY,)}.get(kind, ())


def parts(kind: Any) -> Sequence[Any]:
    """The alternatives of a type."""
    inner = () if get_origin(kind) is Literal else get_args(kind)
    return [part for each in inner for part in parts(each)] if inner else [kind]


def later(path: str, get: Get) -> str | None:
    """The cursor of a page further down, behind which a page is full; None if there is only one page, or two that are not."""
    following, found = None, None
    for _ in range(LATER):
        query = {"limit": LONGEST} | ({"after": following} if following else {})
        told = json.loads(get(f"{API}{path}?{urlencode(query)}")[1])
        if len(told.get("items", ())) >= USUAL:
            found = following
        following = told.get("next")
        if following is None:
            break
    return found or second(path, get)


def second(path: str, get: Get) -> str | None:
    """The cursor of the second page; None if there is only one."""
    found: str | None = json.loads(get(f"{API}{path}?limit={USUAL}")[1]).get("next")
    return found


def filled(path: str, get: Get) -> str | None:
    """The path with an object for each variable; None if there is no such object."""
    before, brace, rest = path.partition("{")
    if not brace:
        return path
    name, _, after = rest.partition("}")
    found = OBJECTS.get(name) or first(before.removeprefix(places.PLACE).rstrip("/"), get)
    return None if found is None else filled(f"{before}{quote(found, safe='')}{after}", get)


def first(noun: str, get: Get) -> str | None:
    """What the first item of a list is named by."""
    status, body = get(f"{API}{noun}?limit=1")
    items = json.loads(body).get("items") if status == 200 else None
    return next((str(items[0][name]) for name in KNOWN if name in items[0]), None) if items else None
