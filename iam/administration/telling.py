"""Events of the audit log in words, with what people and things are called."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from string import Formatter
from typing import Final
from uuid import UUID

from attrs import frozen

from iam.administration.administration import Administration
from iam.administration.sentences import SENTENCES, UNKNOWN, logged
from iam.records.audit import Event

LEFT_OUT: Final = "…"
GONE: Final = "{} (deleted)"
PEOPLE, APPLICATIONS, GROUPS = "people", "applications", "groups"
KINDS_OF_ACTORS: Final = {"user ": PEOPLE, "client ": APPLICATIONS}
ACTORS: Final = {
    "anybody": "Somebody",
    "command line": "The command line",
    "server": "The server",
    "setup": "The setup page",
}
REGISTRANT: Final = "A registration token"

Object = tuple[str, str]  # its noun, and its id


@frozen
class Word:
    """A part of a sentence, which may be a `name`; that of something that is there has its noun and its id."""

    text: str
    noun: str = ""
    key: str = ""
    name: bool = False


@frozen
class Told:
    """An event, and what those of its objects are called that are there."""

    event: Event
    names: Mapping[str, str]

    @property
    def sentence(self) -> str:
        """What the event says."""
        return "".join(word.text for word in words(self.event, self.names))


async def tell(on: Administration, events: Sequence[Event]) -> list[Told]:
    """Returns events with what their objects are called, looked up all at once."""
    found = [objects(event) for event in events]
    wanted = {each for objects_of_one in found for each in objects_of_one.values()}
    ids = [[UUID(key) for key in of(wanted, noun) if is_id(key)] for noun in (PEOPLE, GROUPS)]
    names = await on.store.names.read(ids[0], list(of(wanted, APPLICATIONS)), ids[1])
    return [
        Told(event, {word: names[each] for word, each in objects_of_one.items() if each in names})
        for event, objects_of_one in zip(events, found, strict=True)
    ]


def objects(event: Event) -> dict[str, Object]:
    """Returns what an event is about, by the words that sentences have for it."""
    found = {"person": (PEOPLE, event.subject), "client": (APPLICATIONS, event.client)}
    group = event.detail.get("group")
    found["group"] = (GROUPS, group if isinstance(group, str) else None)
    for beginning, noun in KINDS_OF_ACTORS.items():
        if event.actor.startswith(beginning):
            found["actor"] = (noun, event.actor.removeprefix(beginning))
    return {word: (noun, key) for word, (noun, key) in found.items() if key is not None}


def words(event: Event, names: Mapping[str, str]) -> list[Word]:
    """Returns what an event says, part by part; `names` are those of its objects that are there."""
    known = {**members(event), **named(event, names)}
    return [
        part for text, name in split(template(event, known)) for part in (Word(text), *said(known, name)) if part.text
    ]


def template(event: Event, known: Mapping[str, Word]) -> str:
    """Returns the first sentence for the event whose names are all known; else the last one."""
    kind = SENTENCES.get(event.kind, logged(*UNKNOWN))
    themselves = kind.themselves if event.actor == f"user {event.subject}" else ()
    fitting = [each for each in (*themselves, *kind.log) if all(name in known for _, name in split(each) if name)]
    return fitting[0] if fitting else kind.log[-1]


@cache
def split(sentence: str) -> tuple[tuple[str, str | None], ...]:
    """Returns the parts of a sentence of the catalogue: a text, and the name that follows it, if one does."""
    return tuple((text, name) for text, name, _, _ in Formatter().parse(sentence))


def said(known: Mapping[str, Word], name: str | None) -> Sequence[Word]:
    """Returns what stands for a name in a sentence."""
    return [known.get(name, Word(LEFT_OUT, name=True))] if name else []


def members(event: Event) -> dict[str, Word]:
    """Returns who did it if they have no name, and the members of the detail that sentences may name."""
    actor = REGISTRANT if event.actor.startswith("registration token ") else ACTORS.get(event.actor, event.actor)
    told = {name: Word(str(value), name=True) for name, value in event.detail.items() if isinstance(value, str | int)}
    return {**told, "actor": Word(actor)}


def named(event: Event, names: Mapping[str, str]) -> dict[str, Word]:
    """Returns the objects of an event; what is gone by its id."""
    return {
        word: Word(names[word], *each, name=True) if word in names else Word(GONE.format(each[1]), name=True)
        for word, each in objects(event).items()
    }


def label(kind: str) -> str:
    """Returns what events of a kind say, without names."""
    told = SENTENCES[kind].log[0]
    return "".join(text + (LEFT_OUT if name else "") for text, name in split(told))


def of(found: set[Object], noun: str) -> Iterator[str]:
    """Yields the ids of the objects of this noun."""
    return (key for each, key in sorted(found) if each == noun)


def is_id(text: str) -> bool:
    """Whether the text is a UUID, as ids of people and groups are."""
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False
