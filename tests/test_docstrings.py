"""Each module, class and long function of iam says in its docstring what it is, in more words than its name has."""

import ast
import re
from pathlib import Path
from typing import NamedTuple

IAM = Path(__file__).resolve().parents[1] / "iam"
MODULES = sorted(IAM.rglob("*.py"))
LONG = 8  # lines of a body, docstring aside, that can be read without being told what they do
EMPTY_WORDS = {"a", "an", "the", "of", "for", "to", "and"}

Described = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


class Place(NamedTuple):
    """A module, class or function, and where it stands."""

    name: str
    line: str
    node: Described


def places(source, path):
    tree = ast.parse(source)
    yield Place(Path(path).stem, path, tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield Place(node.name, f"{path}:{node.lineno} {node.name}", node)


def body_lines(node):
    statements = node.body[1:] if ast.get_docstring(node) is not None else node.body
    return statements[-1].end_lineno - statements[0].lineno + 1 if statements else 0


def magic(name):
    """Python's own methods say what they do by their name, and `__init__` is described by its class."""
    return name.startswith("__") and name.endswith("__")


def needs_docstring(node):
    if isinstance(node, ast.Module):
        return bool(node.body)
    return isinstance(node, ast.ClassDef) or (not magic(node.name) and body_lines(node) > LONG)


def words(text):
    separated = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", text).replace("_", " ").lower()
    return {word.rstrip("s") for word in re.findall(r"[a-z0-9]+", separated)} - EMPTY_WORDS


def undescribed(source, path):
    return [
        place.line
        for place in places(source, path)
        if needs_docstring(place.node) and not (ast.get_docstring(place.node) or "").strip()
    ]


def repeating(source, path):
    return [
        place.line
        for place in places(source, path)
        if (told := ast.get_docstring(place.node)) is not None and words(told) <= words(place.name)
    ]


def all_of(complaints):
    return [line for path in MODULES for line in complaints(path.read_text(), str(path.relative_to(IAM.parent)))]


def test_each_module_class_and_long_function_has_a_docstring():
    assert all_of(undescribed) == []


def test_no_docstring_only_repeats_the_name():
    assert all_of(repeating) == []


LONG_BODY = "\n".join(f"    x{n} = {n}" for n in range(LONG + 1))
SHORT_BODY = "\n".join(f"    x{n} = {n}" for n in range(LONG))


def test_a_long_function_without_a_docstring_is_found_and_a_short_one_is_not():
    source = f'"""A module for this test."""\ndef long():\n{LONG_BODY}\nasync def short():\n{SHORT_BODY}\n'
    assert undescribed(source, "iam/found.py") == ["iam/found.py:2 long"]


def test_the_lines_of_a_docstring_do_not_make_a_function_long():
    assert body_lines(ast.parse(f'def short():\n    """One.\n\n    Two.\n    """\n{SHORT_BODY}\n').body[0]) == LONG


def test_a_class_and_a_module_without_a_docstring_are_found():
    assert undescribed("class Client:\n    pass\n", "iam/found.py") == ["iam/found.py", "iam/found.py:1 Client"]


def test_a_docstring_of_the_words_of_the_name_alone_is_found():
    source = (
        'class SigningKeys:\n    """The signing keys."""\ndef by_id():\n    """Return the key of this id, or None."""\n'
    )
    assert repeating(source, "iam/found.py") == ["iam/found.py:1 SigningKeys"]
