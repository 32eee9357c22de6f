"""Sample values for templates: each stands for anything, and notes which of its members are asked for."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from attrs import field, frozen

Path = tuple[str, ...]

ITEM: Final = "[]"
ORDINARY: Final = frozenset({*dir(datetime), *dir(dict)})  # members of what any value may be
STRICT: Final = 2  # members of members are not compared: they are those of lists, fields and records


@frozen
class Interface:
    """What templates ask for: variables, and members as paths; with `known`, whether that is all they may ask for.

    With `empty`, all lists are empty.
    """

    known: frozenset[Path] | None = None
    empty: bool = False
    asked: set[Path] = field(factory=set)

    def has(self, path: Path) -> bool:
        """Notes that the template asks for this, and tells whether it is given."""
        self.asked.add(path)
        deep = len([step for step in path if step != ITEM]) > STRICT
        return self.known is None or deep or path in self.known or (path[1:] != () and path[-1] in ORDINARY)


class Sample(str):
    """A text that has all members that its interface allows, can be called, and is a list of one such sample."""

    __slots__ = ("_interface", "_path")
    _interface: Interface
    _path: Path

    def __new__(cls, path: Path, interface: Interface) -> "Sample":
        """Makes the sample of what is found by this path."""
        made = super().__new__(cls, "sample")
        made._path, made._interface = path, interface
        return made

    def __getattr__(self, name: str) -> "Sample":
        """Returns the member of this name. Raises jinja2.UndefinedError if pages are not given it."""
        if name.startswith(("_", "jinja_")):  # what Python and Jinja themselves look for
            raise AttributeError(name)
        path = (*self._path, name)
        if not self._interface.has(path):
            from jinja2 import UndefinedError

            raise UndefinedError(f"{'.'.join(path)} is not among what this page is given".replace(f".{ITEM}", ""))
        return Sample(path, self._interface)

    def __getitem__(self, key: object) -> "Sample":
        """Returns the member of this name, or else an item."""
        return getattr(self, key) if isinstance(key, str) else Sample((*self._path, ITEM), self._interface)

    def __iter__(self) -> Iterator["Sample"]:
        """Yields one item, or none."""
        return iter(() if self._interface.empty else (self[0],))

    def tuples(self, length: int) -> Iterator[tuple["Sample", ...]]:
        """Yields one item that is a tuple of this length, or none."""
        return iter(() if self._interface.empty else (tuple(self[0] for _ in range(length)),))

    def __call__(self, *_: object, **__: object) -> "Sample":
        """Returns what a method returns: the sample itself."""
        return self

    def __contains__(self, _: object) -> bool:
        """Contains everything."""
        return True

    def calculate(self, _: object) -> "Sample":
        """Returns itself: a sample may stand for a number."""
        return self

    def compare(self, _: object) -> bool:
        """Returns true: a sample may stand for a number."""
        return True

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = calculate
    __lt__ = __le__ = __gt__ = __ge__ = compare
