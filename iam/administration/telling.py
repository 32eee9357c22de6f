"""Events of the audit log in words, with what people and things are called."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, cached_property
from string import Formatter
from typing import Final

from attrs import frozen

from iam.administration.administration import Administration
from iam.administration.sentences import SENTENCES, UNKNOWN, logged
from iam.records.audit import Event

LEFT_OUT: Final = "…"
ID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")  # of a person or a group
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
OTHER: Final = logged(*UNKNOWN)

Object = tuple[str, str]  # its noun, and its id


@frozen
class Word:
    """A part of a sentence, which may be a `name`; that of something that is there has its noun and its id."""

    text: str
    noun: str = ""
    key: str = ""
    name: bool = False


@frozen(slots=False)
class Told:
    """An event, and what those of its objects are called that are there."""

    event: Event
    names: Mapping[str, str]
    about: Mapping[str, Object]

    @cached_property
    def words(self) -> Sequence[Word]:
        """What the event says, part by part."""
        return words(self.event, self.names, self.about)

    @property
    def sentence(self) -> str:
        """What the event says."""
        return "".join([word.text for word in self.words])


async def tell(on: Administration, events: Sequence[Event]) -> list[Told]:
    """Returns events with what their objects are called, looked up all at once."""
    found = [objects(event) for event in events]
    wanted = {each for objects_of_one in found for each in objects_of_one.values()}
    ids = {noun: [key for key in of(wanted, noun) if ID.fullmatch(key)] for noun in (PEOPLE, GROUPS)}
    names = await on.store.names.read({**ids, APPLICATIONS: list(of(wanted, APPLICATIONS))})
    return [
        Told(event, {word: names[each] for word, each in objects_of_one.items() if each in names}, objects_of_one)
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


def words(event: Event, names: Mapping[str, str], about: Mapping[str, Object]) -> list[Word]:
    """Returns what an event says, part by part; `names` are those of the objects it is `about` that are there."""
    parts = split(template(event, about))
    return [word(event, about, names, part) if isinstance(part, str) else part for part in parts]


def template(event: Event, about: Mapping[str, Object]) -> str:
    """Returns the first sentence for the event whose names are all known; else the last one."""
    kind = SENTENCES.get(event.kind, OTHER)
    themselves = kind.themselves if event.actor == f"user {event.subject}" else ()
    fitting = (each for each in (*themselves, *kind.log) if all(knows(event, about, name) for name in named(each)))
    return next(fitting, kind.log[-1])


@cache
def split(sentence: str) -> tuple[Word | str, ...]:
    """Returns the parts of a sentence of the catalogue: its texts, and between them the names that stand for others."""
    parts = Formatter().parse(sentence)
    return tuple(part for text, name, _, _ in parts for part in (Word(text) if text else None, name) if part)


@cache
def named(sentence: str) -> tuple[str, ...]:
    """Returns the names in a sentence of the catalogue."""
    return tuple(part for part in split(sentence) if isinstance(part, str))


def knows(event: Event, about: Mapping[str, Object], name: str) -> bool:
    """Whether there is something to say for a name: an object of the event, who did it, or a member of the detail."""
    return name in about or name == "actor" or isinstance(event.detail.get(name), str | int)


def word(event: Event, about: Mapping[str, Object], names: Mapping[str, str], name: str) -> Word:
    """Returns what stands for a name in a sentence; what is gone by its id."""
    if name in about:
        noun, key = about[name]
        return Word(names[name], noun, key, name=True) if name in names else Word(GONE.format(key), name=True)
    if name == "actor":
        return Word(
            REGISTRANT if event.actor.startswith("registration token ") else ACTORS.get(event.actor, event.actor)
        )
    return Word(str(event.detail[name]) if knows(event, about, name) else LEFT_OUT, name=True)


def label(kind: str) -> str:
    """Returns what events of a kind say, without names."""
    return "".join(LEFT_OUT if isinstance(part, str) else part.text for part in split(SENTENCES[kind].log[0]))


def of(found: set[Object], noun: str) -> Iterator[str]:
    """Yields the ids of the objects of this noun."""
    return (key for each, key in sorted(found) if each == noun)
