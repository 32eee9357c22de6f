"""The rehearsal of a theme at the start: each page that it changes is rendered once, with sample values (H34).

A theme may use what the bundled page of the same name uses: those variables, and their members.
"""

import traceback
from collections.abc import Callable, Iterable, Mapping, Set
from pathlib import Path
from typing import TYPE_CHECKING, Final

from attrs import field, frozen
from twisted.logger import Logger

from iam.browser import samples
from iam.browser.samples import Interface
from iam.records.session import Session

if TYPE_CHECKING:
    from jinja2 import Environment

log = Logger()

Make = Callable[[Iterable[Path]], "Environment"]

# What every page is given, also where the bundled one does not use it.
ALWAYS: Final = frozenset(
    {
        *{("session",), ("session", "administers"), ("stale",), ("stale", "value")},
        *(("session", name) for name in Session.__annotations__),
    }
)


class ThemeError(Exception):
    """A theme cannot be used; the text is one sentence that names the template and the line."""


@frozen
class Parts:
    """The files that templates are made of; each is parsed once."""

    environment: "Environment"
    _read: dict[str, tuple[Path, Set[str]]] = field(factory=dict)

    def needed(self, name: str) -> frozenset[Path]:
        """Returns the files of a template and of all that it refers to. Raises ThemeError for one that cannot be parsed."""
        found: set[str] = set()
        left = {name}
        while left:
            one = left.pop()
            found.add(one)
            left |= self.read(one)[1] - found
        return frozenset(self.read(each)[0] for each in found)

    def read(self, name: str) -> tuple[Path, Set[str]]:
        """Returns the file of a template, and the names that it refers to. Raises ThemeError."""
        from jinja2 import TemplateSyntaxError

        if name not in self._read:
            try:
                self._read[name] = self._parse(name)
            except TemplateSyntaxError as error:
                raise ThemeError(sentence(error.filename, error.lineno, error.message)) from None
        return self._read[name]

    def _parse(self, name: str) -> tuple[Path, Set[str]]:
        """Reads a template; one that is missing has no file, which whoever refers to it says when it is rendered."""
        from jinja2 import BaseLoader, TemplateNotFound, meta

        loader = self.environment.loader or BaseLoader()
        try:
            source, file, _ = loader.get_source(self.environment, name)
        except TemplateNotFound:
            return Path(), frozenset()
        parsed = self.environment.parse(source, filename=file)
        return Path(file or ""), {each for each in meta.find_referenced_templates(parsed) if each}


def rehearse(make: Make, theme: Path, bundled: Path, pages: Iterable[str], added: Iterable[str]) -> None:
    """Renders every bundled page that the theme has a part in, and warns of its other templates that no page uses.

    `make` returns the environment of the templates in these directories; `added` are the names that only the theme has.
    Raises ThemeError.
    """
    themed, plain = make((theme, bundled)), make((bundled,))
    parts, own = Parts(themed), set[Path]()
    for name in pages:
        if theirs := {file for file in parts.needed(name) if file.is_relative_to(theme)}:
            own |= theirs
            attempt(themed, name, interface(plain, name))
    for name in added:
        if parts.read(name)[0] not in own:
            log.warn("--templates: no page uses {name}", name=name)


def interface(environment: "Environment", name: str) -> frozenset[samples.Path]:
    """Returns the variables that the bundled page of this name uses, and their members, as paths."""
    asked: set[samples.Path] = set()
    for empty in (False, True):
        run = Interface(empty=empty, asked=asked)
        render(environment, name, run)
    return frozenset(asked | ALWAYS)


def attempt(environment: "Environment", name: str, known: frozenset[samples.Path]) -> None:
    """Renders a page with samples of what is known of it. Raises ThemeError.

    What fails because a sample is no real value is only logged.
    """
    from jinja2 import TemplateError

    try:
        for empty in (False, True):
            render(environment, name, Interface(known, empty))
    except (TemplateError, LookupError) as error:
        raise ThemeError(sentence(*place(error, name), said(error))) from None
    except Exception as error:  # noqa: BLE001 - whatever a filter makes of a sample
        log.warn("--templates: {name} could not be tried: {error}", name=name, error=repr(error))


def render(environment: "Environment", name: str, run: Interface) -> None:
    """Goes through a template, with the samples of this run."""
    environment.interface = run  # type: ignore[attr-defined]
    environment.get_template(name).render()


def place(error: Exception, name: str) -> tuple[str, int]:
    """Returns the file and line of a template in which an error arose."""
    if hasattr(error, "lineno"):
        return str(error.filename), int(error.lineno)  # type: ignore[attr-defined]
    frames = [
        frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.endswith((".html", ".txt"))
    ]
    return (frames[-1].filename, frames[-1].lineno or 1) if frames else (name, 1)


def said(error: Exception) -> str:
    """Returns what an error says, in words."""
    from jinja2 import TemplateNotFound

    return f"there is no template {error.name}" if isinstance(error, TemplateNotFound) else str(error)


def sentence(file: str | None, line: int, message: str | None) -> str:
    """Returns the sentence about an error in a template."""
    return f"--templates: {file}, line {line}: {(message or 'it cannot be read').rstrip('.')}."


def grouped(paths: Iterable[samples.Path]) -> Mapping[str, list[str]]:
    """Returns the variables of an interface, each with the members of it and of its items, in order."""
    found: dict[str, set[str]] = {}
    for path in paths:
        members = found.setdefault(path[0], set())
        steps = [step for step in path[1:] if step != samples.ITEM]
        members.update(steps[:1])
    return {name: sorted(found[name]) for name in sorted(found)}
