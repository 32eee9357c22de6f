"""The picture, the rooms and the walks of the page on architecture are those of the code."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.docs.conftest import ROOT, blocks
from tests.test_architecture import TABLE

PAGE = (ROOT / "docs" / "architecture.md").read_text()
ROW = re.compile(r"^\| `iam/(?P<room>\w+)/` \| (?P<sentence>.+) \|$", re.MULTILINE)
STEP = re.compile(r"`(?P<module>\w+(?:/\w+)+)\.(?P<name>(?!py\b)\w+(?:\.\w+)?)`")
RULE = re.compile(r"^ -+$", re.MULTILINE)
WORDS = re.compile(r"\s{2,}")


def layers() -> list[set[str]]:
    """The rooms of the picture by its lines, the highest first; what stands beside them are words."""
    (picture,) = (block.text for block in blocks("docs/architecture.md") if block.language == "text")
    rooms = {*TABLE, "records"}
    return [
        {word for line in part.splitlines() for word in WORDS.split(line.strip())} & rooms
        for part in RULE.split(picture)
    ]


def definitions(module: Path) -> Iterator[str]:
    """The functions and classes of a module, and the methods as `Class.method`."""
    for node in ast.parse(module.read_text()).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        if isinstance(node, ast.ClassDef):
            functions = (each for each in node.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef))
            yield from (f"{node.name}.{function.name}" for function in functions)


def test_every_room_is_in_the_picture_once() -> None:
    drawn = [room for layer in layers() for room in layer]

    assert sorted(drawn) == sorted({*TABLE, "records"})


def test_a_room_imports_rooms_below_its_own_line() -> None:
    height = {room: -number for number, layer in enumerate(layers()) for room in layer}
    arrows = [(room, other) for room, row in TABLE.items() for other in row.split()]

    assert [(room, other) for room, other in arrows if height[room] <= height[other]] == []


def test_a_room_is_described_as_it_describes_itself() -> None:
    described = {
        path.parent.name: " ".join((ast.get_docstring(ast.parse(path.read_text())) or "").split())
        for path in (ROOT / "iam").glob("*/__init__.py")
    }

    assert dict(ROW.findall(PAGE)) == described, "the table of rooms repeats the docstrings of iam/*/__init__.py"


def test_every_function_of_the_walks_is_there() -> None:
    steps = {(found["module"], found["name"]) for found in STEP.finditer(PAGE)}

    missing = [step for step in steps if step[1] not in set(definitions(ROOT / "iam" / f"{step[0]}.py"))]

    assert len(steps) > 30
    assert missing == []
