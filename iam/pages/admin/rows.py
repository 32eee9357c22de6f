"""The rows of a list: what an object is called, what is told of it, and what can be done with it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from iam.administration.actions.models import Model
from iam.administration.telling import Word
from iam.pages.admin.facts import Fact, facts
from iam.pages.admin.noun import Act, Noun
from iam.pages.admin.places import BACK, address, label, page, variables, verb

OVER: Final = ("removed", "delivered", "failed")  # states of a key and of a mail that nothing changes


class Row(NamedTuple):
    """An object in a list, which pages take apart as a tuple; without an address it has no page.

    A title that is a sentence has `words`: each text, its address, and whether it is a name.
    What is `chosen` by a box to tick is named by this id.
    """

    title: str
    address: str | None
    marks: Sequence[str]
    facts: Sequence[Fact]
    actions: Sequence[tuple[str, str]]
    folded: Sequence[Fact] = ()
    words: Sequence[tuple[str, str | None, bool]] = ()
    chosen: str | None = None


def row(
    noun: Noun,
    shown: Model,
    acts: Sequence[Act],
    seen: Sequence[str],
    around: Mapping[str, str],
    back: str | None = None,
    together: Sequence[Act] = (),
) -> Row:
    """Returns the row of an object, with those of these actions that are about it.

    `around` is what the list is of, which its actions name too; they lead `back` to the page that the list is on.
    What is done `together` to several objects wants a box.
    """
    path, member = noun.page
    own = set(noun.names) - around.keys()
    about = [] if noun.show else list(possible(noun, shown, acts, around))
    return Row(
        titled(noun, shown),
        page(path, getattr(shown, member)) if path in seen else None,
        marks(noun, shown),
        facts(noun, shown, noun.hint, seen),
        [
            (address(each, {**named, BACK: back}), label(each))
            for each, named in about
            if own & set(about_what(each, own))
        ],
        facts(noun, shown, noun.folded, seen),
        [(word.text, page_of(word, seen), word.name) for word in noun.words(shown)] if noun.words else (),
        identity(noun, shown) if any(sensible(each, shown) for each in together) else None,
    )


def page_of(word: Word, seen: Sequence[str]) -> str | None:
    """Returns the address of what a word names, if the reader sees its page."""
    return page(word.noun, word.key) if word.noun in seen else None


def possible(
    noun: Noun, shown: Model, acts: Sequence[Act], around: Mapping[str, str]
) -> Iterator[tuple[Act, dict[str, object]]]:
    """Yields those of these actions that are about an object and make sense, with what each names."""
    own = {name: getattr(shown, member) for name, member in noun.names.items()}
    for action in acts:
        wanted = about_what(action, own)
        named = {name: value for name, value in {**around, **own}.items() if name in action.input.model_fields}
        if wanted and set(wanted) <= named.keys() and sensible(action, shown):
            yield action, named


def about_what(action: Act, own: Iterable[str]) -> Sequence[str]:
    """Returns the members of the input by which an action names its object, of whose noun these are the names."""
    return variables(action) or (list(own) if action.method == "DELETE" else [])


def sensible(action: Act, shown: Model) -> bool:
    """Whether the action can change anything about the object: nothing ends or is enabled twice."""
    told, does = vars(shown), verb(action)
    if does in ("enable", "disable"):
        disabled = bool(told.get("disabled") or told.get("disabled_at") or not told.get("enabled", True))
        return disabled is (does == "enable")
    return not told.get("revoked_at") and told.get("state") not in OVER


def identity(noun: Noun, shown: Model) -> str:
    """Returns what names an object in addresses."""
    return str(getattr(shown, next(iter(noun.names.values()))))


def titled(noun: Noun, shown: Model) -> str:
    """Returns what an object is called."""
    told = vars(shown)
    return str(told.get(noun.title) or told.get(noun.otherwise) or identity(noun, shown))


def marks(noun: Noun, shown: Model) -> list[str]:
    """Returns the words for what holds of an object."""
    return [word for member, word in noun.marks.items() if getattr(shown, member)]
