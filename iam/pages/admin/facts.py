"""What pages tell of an object: its members, with a name and in a form that people read."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple

from iam.administration.actions.models import Model
from iam.pages.admin.noun import Noun
from iam.pages.admin.places import PLACE, page
from iam.pages.admin.words import called

# Members that name another object: its page, and the member beside it that says what people call it.
REFERENCES: Final[Mapping[str, tuple[str, str]]] = {
    "user_id": ("people", "username"),
    "client_id": ("applications", "client_name"),
    "group_id": ("groups", "group"),
}
BESIDE: Final = {beside: name for name, (_, beside) in REFERENCES.items()}
SAID: Final[Mapping[object, str]] = {"sig": "sign", "enc": "encrypt"}  # of values that are not called as people say
SECONDS: Final = frozenset({"iat", "exp"})  # members that are moments in seconds since 1970
BY_PERSON: Final = "user "  # how an actor begins who is a person, whose id follows
to_json: Final = json.JSONEncoder(ensure_ascii=False, default=str).encode
CODES: Final = frozenset({"id", "kid", "client_id", "user_id", "session_id", "address", "actor", "kind", "error"})


class Fact(NamedTuple):
    """A member of an object: what it is called, and its value. Pages take the hundreds of a list apart, as tuples.

    Its `kind` is moment (as programs read it), text, code, list (of texts) or facts (of an object within it).
    """

    name: str
    label: str
    kind: str
    value: object
    address: str | None = None


def facts(noun: Noun, shown: Model, names: Iterable[str], seen: Sequence[str]) -> list[Fact]:
    """Returns what these members of an object say, but for those that say nothing.

    `seen` are the nouns whose pages the reader has: an object of those is a link.
    """
    told = vars(shown)
    return [fact for name in names if (fact := tell(noun, told, name, seen)) is not None]


def tell(noun: Noun, told: Mapping[str, object], name: str, seen: Sequence[str]) -> Fact | None:
    """Returns what a member says; None if it says nothing, or if another member says it too."""
    value = told.get(name)
    if (
        value is None
        or (not value and value in ("", [], {}, ()))
        or (name in BESIDE and told.get(BESIDE[name]) is not None)
    ):
        return None
    if name == "actor" and str(value).startswith(BY_PERSON) and "people" in seen:
        return Fact(name, called(name), "text", value, f"{PLACE}/people/{str(value).removeprefix(BY_PERSON)}")
    where, beside = REFERENCES.get(name, (noun.path, ""))
    if where == noun.path:
        return plain(name, value)
    return Fact(
        name,
        called(name) if name != "client_id" else called("client"),
        "text",
        told.get(beside) or value,
        page(where, value) if where in seen else None,
    )


def plain(name: str, value: object) -> Fact:
    """Returns a value in the form that people read."""
    if name in SECONDS and isinstance(value, int):
        value = datetime.fromtimestamp(value, UTC)
    if isinstance(value, bool):
        return Fact(name, called(name), "text", "yes" if value else "no")
    if isinstance(value, datetime):
        return Fact(name, called(name), "moment", value.isoformat())
    if isinstance(value, list | tuple):
        return Fact(name, called(name), "list", list(value))
    if isinstance(value, Mapping):
        return Fact(name, called(name), "facts", list(inside(value)))
    return Fact(
        name,
        called(name),
        "code" if name in CODES else "text",
        SAID.get(value, str(value)) if name == "use" else str(value),
    )


def inside(value: Mapping[str, object]) -> Iterator[Fact]:
    """Yields what an object within an object says, each in one text, but for what says nothing."""
    for name, each in value.items():
        if each is None or each in ("", [], {}):
            continue
        yield Fact(name, called(name), "text", each if isinstance(each, str) else to_json(each))
