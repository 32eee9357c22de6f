"""Forms as a browser without JavaScript reads them out of a page."""

from collections.abc import Mapping
from html.parser import HTMLParser

from attrs import define, field


@define
class Form:
    """Where it goes, and what it would send if nobody touched it."""

    action: str
    fields: list[tuple[str, str]] = field(factory=list)
    hidden: list[str] = field(factory=list)

    def value(self, name: str) -> str:
        """What stands in a field."""
        return dict(self.fields)[name]

    def values(self, name: str) -> list[str]:
        """What is chosen among several."""
        return [value for key, value in self.fields if key == name]

    def filled(self, changes: Mapping[str, str | list[str] | None]) -> list[tuple[str, str]]:
        """What is sent after these changes; None takes a field away."""
        kept = [(name, value) for name, value in self.fields if name not in changes]
        for name, value in changes.items():
            if value is not None:
                kept += [(name, one) for one in ([value] if isinstance(value, str) else value)]
        return kept


class Reader(HTMLParser):
    """Collects the forms of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._selection = ""
        self._area: tuple[str, list[str]] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(attributes["action"]))
        elif tag == "textarea":
            self._area = attributes["name"], []
        elif tag == "select":
            self._selection = attributes["name"]
        elif tag == "option" and "selected" in attributes:
            self.forms[-1].fields.append((self._selection, attributes["value"]))
        elif tag == "input" and "name" in attributes:
            self._input(attributes)

    def _input(self, attributes: dict[str, str]) -> None:
        if attributes["type"] in ("radio", "checkbox") and "checked" not in attributes:
            return
        form = self.forms[-1]
        form.fields.append((attributes["name"], attributes.get("value", "")))
        if attributes["type"] == "hidden":
            form.hidden.append(attributes["name"])

    def handle_data(self, data: str) -> None:
        if self._area:
            self._area[1].append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self._area:
            name, texts = self._area
            self.forms[-1].fields.append((name, "".join(texts).removeprefix("\n")))
            self._area = None


def form_in(page: str) -> Form:
    """The first form of a page."""
    reader = Reader()
    reader.feed(page)
    return reader.forms[0]


def form_of(page: str) -> Form:
    """The one form of a page."""
    reader = Reader()
    reader.feed(page)
    (form,) = reader.forms
    return form
